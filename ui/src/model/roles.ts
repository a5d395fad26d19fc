/** What people may be, from least to most. */
export const ROLE_CHOICES = [
  { value: "viewer", label: "Viewer" },
  { value: "editor", label: "Editor" },
  { value: "admin", label: "Admin" },
];
