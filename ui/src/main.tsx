import "@mantine/core/styles.layer.css";
import "./theme/tokens.css";
import "./theme/global.css";
import "./theme/mantine.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./queries";
import { createAppRouter } from "./routes";
import { COLOR_SCHEME_KEY } from "./state/settings";
import { cssVariables, theme } from "./theme/theme";

const queryClient = createQueryClient();
const router = createAppRouter(queryClient);
const colorSchemes = localStorageColorSchemeManager({ key: COLOR_SCHEME_KEY });

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorSchemes}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
