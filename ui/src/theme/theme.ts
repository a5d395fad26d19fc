import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
} from "@mantine/core";

// Mantine reads its neutral steps from these two ramps; they repeat the neutrals of tokens.css.
const dark: MantineColorsTuple = [
  "#e8eaed",
  "#aab2bc",
  "#858f9b",
  "#5a636e",
  "#333a43",
  "#21262c",
  "#1a1e23",
  "#13161a",
  "#0e1013",
  "#0a0c0e",
];
const gray: MantineColorsTuple = [
  "#fafaf8",
  "#f3f3ef",
  "#e9e9e4",
  "#e6e6e0",
  "#d0d0c8",
  "#9aa0a8",
  "#666d76",
  "#4b5159",
  "#2c3036",
  "#17191c",
];

export const theme = createTheme({
  colors: { dark, gray },
  primaryColor: "gray",
  fontFamily: "var(--font-ui)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontFamily: "var(--font-ui)", fontWeight: "600" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "10px", xl: "16px" },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  variantColorResolver: (input) => {
    const base = defaultVariantColorsResolver(input);
    if (input.variant === "filled" && input.color === "gray") {
      return {
        ...base,
        background: "var(--accent)",
        hover: "var(--accent-hover)",
        color: "var(--on-accent)",
      };
    }
    if (input.variant === "subtle" && input.color === "gray") {
      return { ...base, background: "transparent", hover: "var(--hover)", color: "var(--text-2)" };
    }
    return base;
  },
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 26 } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, fz: 12, color: "var(--active)" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
        overlayProps: { color: "var(--backdrop)", backgroundOpacity: 1 },
        transitionProps: { transition: "fade", duration: 120 },
      },
    },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 90 } } },
    Menu: { defaultProps: { shadow: "md", transitionProps: { duration: 90 } } },
  },
});

/** Mantine's own variables, pointed at ours, so that its components follow tokens.css in both schemes. */
const shared = {
  "--mantine-color-body": "var(--canvas)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-bright": "var(--text)",
  "--mantine-color-dimmed": "var(--text-3)",
  "--mantine-color-placeholder": "var(--text-3)",
  "--mantine-color-error": "var(--error)",
  "--mantine-color-anchor": "var(--accent-text)",
  "--mantine-color-default": "var(--raised)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-primary-color-filled": "var(--accent)",
  "--mantine-primary-color-filled-hover": "var(--accent-hover)",
  "--mantine-primary-color-contrast": "var(--on-accent)",
  "--mantine-shadow-md": "var(--shadow-pop)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, dark: shared, light: shared });
