import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The Python server serves the output: index.html for every page, hashed files under assets/. The relative base
// lets the same build live under a sub-path; index.html's <base> tag says which.
export default defineConfig({
  plugins: [react()],
  base: "./",
  build: {
    outDir: "../src/clickstack/api/ui",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": process.env.CLICKSTACK_URL ?? "http://127.0.0.1:8080" },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
