import { ActionIcon, Menu, Tooltip, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { logoutAction, meQuery } from "../../api/session";
import { Logo } from "../../components/Logo";
import { useNavCollapsed, useZone } from "../../state/settings";
import {
  IconAdjustments,
  IconKeyboard,
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
  IconLogout,
  IconSearch,
  IconSettings,
} from "../../theme/icons";
import type { ShellDialog } from "./Shell";
import classes from "./SideNav.module.css";

type Open = (dialog: ShellDialog) => void;

const PAGES = [
  { to: "/search", label: "Search", Icon: IconSearch },
  { to: "/team", label: "Team Settings", Icon: IconSettings },
] as const;

export function SideNav({ onOpen }: { onOpen: Open }) {
  const [stored, setStored] = useNavCollapsed();
  const narrow = useMediaQuery("(max-width: 1180px)", undefined, { getInitialValueInEffect: false });
  const [zone] = useZone();
  const collapsed = stored ?? narrow ?? false;
  const toggleLabel = collapsed ? "Expand navigation" : "Collapse navigation";
  const ToggleIcon = collapsed ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <nav className={classes.nav} data-collapsed={collapsed} aria-label="Main">
      <div className={classes.head}>
        <Link to="/search" className={classes.brand} aria-label="ClickStack, to Search">
          <Logo size={24} />
          {!collapsed && <span>ClickStack</span>}
        </Link>
        {zone === "utc" && !collapsed && <span className={classes.zone}>UTC</span>}
      </div>
      <ul className={classes.pages}>
        {PAGES.map(({ to, label, Icon }) => (
          <li key={to}>
            <Tooltip label={label} position="right" disabled={!collapsed} openDelay={100}>
              <Link to={to} className={classes.page} activeProps={{ "data-active": true }} aria-label={label}>
                <Icon size={17} stroke={1.75} aria-hidden="true" />
                {!collapsed && <span>{label}</span>}
              </Link>
            </Tooltip>
          </li>
        ))}
      </ul>
      <div className={classes.foot}>
        <div className={classes.tools}>
          <Tooltip label="Keyboard shortcuts" position={collapsed ? "right" : "top"}>
            <ActionIcon aria-label="Keyboard shortcuts" onClick={() => onOpen("shortcuts")}>
              <IconKeyboard size={16} stroke={1.75} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={toggleLabel} position={collapsed ? "right" : "top"}>
            <ActionIcon aria-label={toggleLabel} onClick={() => setStored(!collapsed)}>
              <ToggleIcon size={16} stroke={1.75} />
            </ActionIcon>
          </Tooltip>
        </div>
        <UserMenu collapsed={collapsed} onOpen={onOpen} />
      </div>
    </nav>
  );
}

function UserMenu({ collapsed, onOpen }: { collapsed: boolean; onOpen: Open }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const form = useRef<HTMLFormElement>(null);
  return (
    <Menu position="right-end" width={220} offset={6}>
      <Menu.Target>
        <UnstyledButton
          className={classes.user}
          aria-label={collapsed ? `Account of ${me.email}` : undefined}
        >
          <span className={classes.avatar} aria-hidden="true">
            {me.email.slice(0, 2).toUpperCase()}
          </span>
          {!collapsed && (
            <span className={classes.who}>
              <b>{me.team.name}</b>
              <span>{me.email}</span>
            </span>
          )}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.email}</Menu.Label>
        <Menu.Item leftSection={<IconAdjustments size={15} />} onClick={() => onOpen("preferences")}>
          Preferences
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={() => onOpen("shortcuts")}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => form.current?.submit()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
      <form ref={form} method="post" action={logoutAction()} hidden />
    </Menu>
  );
}
