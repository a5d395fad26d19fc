import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { decodeSearch, encodeSearch, type SearchState } from "../../state/url";

export type UpdateSearch = (patch: Partial<SearchState>, how?: "push" | "replace") => void;

/** The page's state, which is its address. What a person would undo with Back pushes; the rest replaces. */
export function useSearchState(): [SearchState, UpdateSearch] {
  const params = useSearch({ from: "/app/search" });
  const navigate = useNavigate();
  const state = useMemo(() => decodeSearch(params), [params]);
  const update: UpdateSearch = (patch, how = "push") => {
    void navigate({
      to: "/search",
      search: encodeSearch({ ...state, ...patch }),
      replace: how === "replace",
    });
  };
  return [state, update];
}
