/** Changing something, then asking again what it changed. */
import { type UseMutationResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

/** `refresh` are the first words of the cache keys to ask again. */
export function useChange<Input = void, Answer = unknown>(
  act: (input: Input) => Promise<Answer>,
  refresh: string[],
): UseMutationResult<Answer, Error, Input> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await Promise.all(refresh.map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
}

/** A list or an object of the administration, under its own name. */
export function useAsked<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, enabled = true) {
  return useQuery({ queryKey: [key], queryFn: ({ signal }) => ask(signal), enabled, staleTime: 10_000 });
}
