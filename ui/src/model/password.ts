/** The password rule of the server (reference/internal-routes.md §2), one row per line of the checklist. */
export const PASSWORD_RULES: readonly { label: string; met: (password: string) => boolean }[] = [
  { label: "12 to 72 characters", met: (p) => p.length >= 12 && p.length <= 72 },
  { label: "a lower-case letter", met: (p) => /[a-z]/.test(p) },
  { label: "an upper-case letter", met: (p) => /[A-Z]/.test(p) },
  { label: "a digit", met: (p) => /\d/.test(p) },
  { label: "a special character", met: (p) => /[!@#$%^&*(),.?":{}|<>;\-+=]/.test(p) },
];

export function isPasswordValid(password: string): boolean {
  return PASSWORD_RULES.every((rule) => rule.met(password));
}
