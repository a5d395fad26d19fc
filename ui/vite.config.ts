import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// The Python server serves the output: index.html for every page, hashed files under assets/. The relative base
// lets the same build live under a sub-path; index.html's <base> tag says which.
export default defineConfig({
  plugins: [react(), fontLicenses(), apiReference()],
  base: "./",
  build: {
    outDir: "../src/clickstack/api/ui",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": process.env.CLICKSTACK_URL ?? "http://127.0.0.1:8080" },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});

/** The fonts' license asks to travel with them, and the license file of the build covers scripts only. */
function fontLicenses(): Plugin {
  const fonts = ["inter", "jetbrains-mono"];
  const read = (font: string) =>
    readFileSync(`${import.meta.dirname}/node_modules/@fontsource-variable/${font}/LICENSE`, "utf8");
  return {
    name: "font-licenses",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "font-licenses.txt", source: fonts.map(read).join("\n\n") });
    },
  };
}

/** The viewer of the API's description, served by the API itself (never loaded by the UI), with its licenses. */
function apiReference(): Plugin {
  const read = (name: string) =>
    readFileSync(`${import.meta.dirname}/node_modules/swagger-ui-dist/${name}`, "utf8");
  const licenses = ["NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"];
  return {
    name: "api-reference",
    apply: "build",
    generateBundle() {
      const emit = (name: string, source: string) =>
        this.emitFile({ type: "asset", fileName: `reference/${name}`, source });
      for (const name of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
        emit(name, read(name).replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/, ""));
      }
      emit("licenses.txt", licenses.map(read).join("\n\n"));
    },
  };
}
