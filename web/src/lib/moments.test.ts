import { expect, test } from "vitest";
import { agentName, countdown, moment } from "./moments";

const NOW = Date.parse("2026-11-22T12:00:00Z");

test("moments are near ones in words, far ones as dates", () => {
  const check = (instant: string | null, expected: string) => expect(moment(instant, NOW)).toBe(expected);
  check(null, "never");
  check("2026-11-22T11:59:40Z", "just now");
  check("2026-11-22T11:57:00Z", "3 minutes ago");
  check("2026-11-22T11:00:00Z", "1 hour ago");
  check("2026-11-20T12:00:00Z", "2 days ago");
  check("2026-11-29T13:00:00Z", "in 7 days");
  check("2026-01-02T13:00:00Z", "2 Jan 2026");
  check("not a time", "not a time");
});

test("a countdown never goes below zero", () => {
  expect([countdown(-1), countdown(0.2), countdown(59), countdown(65)]).toEqual([
    "0 s",
    "1 s",
    "59 s",
    "1 min 05 s",
  ]);
});

test("browsers are named as their users know them", () => {
  expect(agentName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")).toBe(
    "Chrome on Linux",
  );
  expect(agentName("curl/8.5.0")).toBe("curl");
  expect(agentName("")).toBe("Unknown program");
});
