// Shows openapi.json, or with ?api=managed the document of /v1, with Swagger UI. The key typed under "Authorize" stays in this tab and goes to this server only.
"use strict";

const root = document.documentElement;
const button = document.getElementById("theme");

function show(dark) {
  root.classList.toggle("dark-mode", dark);
  button.textContent = dark ? "Light" : "Dark";
}

show(matchMedia("(prefers-color-scheme: dark)").matches);
button.addEventListener("click", () => show(!root.classList.contains("dark-mode")));

const managed = new URLSearchParams(location.search).get("api") === "managed";

if (window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: new URL(managed ? "../../v1" : "openapi.json", document.baseURI).href,
    dom_id: "#reference",
    deepLinking: true,
    filter: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
} else {
  document.getElementById("missing").hidden = false;
}
