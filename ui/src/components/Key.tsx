import classes from "./Key.module.css";

/** Keyboard keys, `mod` shown as the platform spells it. */
export function Keys({ keys }: { keys: string }) {
  const names = keys.split(" ");
  return (
    <span className={classes.keys}>
      {names.map((name) => (
        <kbd key={name} className={classes.key}>
          {name === "mod" ? (isMac() ? "⌘" : "Ctrl") : name}
        </kbd>
      ))}
    </span>
  );
}

function isMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.userAgent);
}
