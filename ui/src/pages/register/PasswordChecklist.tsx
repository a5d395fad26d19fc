import { PASSWORD_RULES } from "../../model/password";
import { IconCheck, IconPoint } from "../../theme/icons";
import classes from "./PasswordChecklist.module.css";

/** The rules of a password, ticked as they are met. */
export function PasswordChecklist(props: { id: string; password: string; matches: boolean }) {
  const rows = [
    ...PASSWORD_RULES.map((rule) => ({ label: rule.label, met: rule.met(props.password) })),
    { label: "both entries match", met: props.matches },
  ];
  return (
    <ul id={props.id} className={classes.list} aria-label="Password rules">
      {rows.map(({ label, met }) => (
        <li key={label} data-met={met}>
          {met ? <IconCheck size={13} aria-hidden="true" /> : <IconPoint size={13} aria-hidden="true" />}
          {label}
          <span className={classes.hidden}>{met ? ", met" : ", not met yet"}</span>
        </li>
      ))}
    </ul>
  );
}
