/**
 * What a password should be, as SP 800-63B-4 has it: long is good, nothing has to be in it. The server decides;
 * this only counts along while somebody types.
 */
export const MIN_ALONE = 15;
export const MIN_WITH_SECOND = 8;

export function passwordHint(password: string, withSecond: boolean): string {
  const least = withSecond ? MIN_WITH_SECOND : MIN_ALONE;
  const length = [...password].length;
  if (length === 0)
    return `At least ${least} characters. A few words in a row are good; no digits or signs are asked for.`;
  if (length < least) return `${least - length} more ${least - length === 1 ? "character" : "characters"}.`;
  if (length < least + 6) return "Long enough. Longer is still better.";
  return "A good length.";
}

export function longEnough(password: string, withSecond: boolean): boolean {
  return [...password].length >= (withSecond ? MIN_WITH_SECOND : MIN_ALONE);
}
