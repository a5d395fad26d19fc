import {
  Button,
  Checkbox,
  Group,
  Input,
  Modal,
  SegmentedControl,
  Stack,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { changeApiKey, createApiKey, type NewApiKey } from "../../api/apiKeys";
import { Notice } from "../../components/Notice";
import {
  type ApiKey,
  changesTo,
  type Draft,
  draftOf,
  isReady,
  KEEP,
  type KeyRole,
  newDraft,
  newKeyBody,
  refusalText,
  roleChoices,
} from "../../model/apiKeys";
import classes from "./ApiKeys.module.css";

const NAME_LENGTH_MAX = 100;
const STATES = [
  { value: "enabled", label: "Enabled" },
  { value: "disabled", label: "Disabled" },
];
const REACHES = [
  { value: "organization", label: "Whole organization" },
  { value: "service", label: "This service only" },
];
const LIVES = [
  { value: "30", label: "30 d" },
  { value: "90", label: "90 d" },
  { value: "365", label: "1 y" },
  { value: "", label: "No end" },
];
const UNCHANGED = { value: KEEP, label: "As it is" };

type Props = {
  apiKey: ApiKey | null;
  roles: KeyRole[];
  serviceId: string;
  onCreated: (key: NewApiKey) => void;
  onDone: () => void;
  onClose: () => void;
};

/** Makes a key, or changes `apiKey`. */
export function ApiKeyDialog({ opened, ...form }: Props & { opened: boolean }) {
  const { apiKey, onClose } = form;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={apiKey ? `Edit ${apiKey.name}` : "Create API key"}
      closeButtonProps={{ "aria-label": "Close" }}
      size={520}
    >
      <ApiKeyForm key={apiKey?.id ?? "new"} {...form} />
    </Modal>
  );
}

function ApiKeyForm({ apiKey, roles, serviceId, onCreated, onDone, onClose }: Props) {
  const [before] = useState(() => (apiKey ? draftOf(apiKey) : newDraft(roles)));
  const [draft, setDraft] = useState(before);
  const saving = useMutation({
    mutationFn: async (nowMs: number) => {
      if (apiKey) await changeApiKey(apiKey.id, changesTo(before, draft, nowMs));
      else onCreated(await createApiKey(newKeyBody(draft, serviceId, nowMs)));
    },
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  const change = (part: Partial<Draft>) => {
    saving.reset();
    setDraft((old) => ({ ...old, ...part }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate(Date.now());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={16}>
        <TextInput
          label="Name"
          placeholder="Terraform"
          data-autofocus
          value={draft.name}
          maxLength={NAME_LENGTH_MAX}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        {apiKey ? (
          <Choice label="State" data={STATES} value={draft.state} onChange={(state) => change({ state })} />
        ) : (
          <Choice label="Opens" data={REACHES} value={draft.reach} onChange={(reach) => change({ reach })} />
        )}
        <Checkbox.Group
          label="Roles"
          description="The key may do what any of them allows."
          value={draft.roles}
          onChange={(chosen) => change({ roles: chosen })}
        >
          <div className={classes.roles}>
            {roleChoices(roles, apiKey).map(({ id, name }) => (
              <Checkbox key={id} size="xs" value={id} label={name} />
            ))}
          </div>
        </Checkbox.Group>
        <Choice
          label="Ends after"
          data={apiKey ? [UNCHANGED, ...LIVES] : LIVES}
          value={draft.life}
          onChange={(life) => change({ life })}
        />
        <Textarea
          label="IP access list"
          description="One address or network a line, and what it is. Empty: from anywhere."
          placeholder="10.0.0.0/8 office"
          rows={3}
          spellCheck={false}
          value={draft.networks}
          onChange={(event) => change({ networks: event.currentTarget.value })}
        />
        {saving.error && <Notice tone="error">{refusalText(saving.error.message, draft.networks)}</Notice>}
      </Stack>
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={!isReady(draft)} loading={saving.isPending}>
          {apiKey ? "Save" : "Create key"}
        </Button>
      </Group>
    </form>
  );
}

type ChoiceProps<T extends string> = {
  label: ReactNode;
  data: { value: string; label: string }[];
  value: T;
  onChange: (value: T) => void;
};

function Choice<T extends string>({ label, data, value, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div>
      <Input.Label id={id} labelElement="div">
        {label}
      </Input.Label>
      <div>
        <SegmentedControl
          aria-labelledby={id}
          data={data}
          value={value}
          onChange={(chosen) => onChange(chosen as T)}
        />
      </div>
    </div>
  );
}
