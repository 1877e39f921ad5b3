/**
 * Several currencies as one, at rates that the asker typed.
 *
 * Bursar has no rates of its own. An answer is converted only when a rate stands in the question for every
 * currency that it meets, and the answer names the rates it used. Until then the currencies stay apart.
 */

export interface Rate {
  currency: string;
  /** What one unit of the currency is worth in the target, as the address or the user wrote it. */
  text: string;
}

export interface Conversion {
  to: string;
  rates: Rate[];
}

const CODE = /^[A-Z]{3}$/;
const NUMBER = /^(\d*)(?:\.(\d*))?$/;

/** As many as the API takes. */
const MAX_RATES = 50;
const MAX_TEXT = 40;

/** Whether the API can convert to or from it: a code of ISO 4217. */
export function isCode(text: string): boolean {
  return CODE.test(text);
}

/** A rate as the API reads it, or what is wrong with it and what to do. */
export function readRate(text: string): { rate: string } | { fault: string } {
  const trimmed = text.trim();
  const found = NUMBER.exec(trimmed);
  if (trimmed.includes(",")) return { fault: "Write it with a point and no separators, such as 1.08." };
  if (!found || (!found[1] && !found[2])) return { fault: "Type a number above zero, such as 1.08." };
  const whole = (found[1] ?? "").replace(/^0+/, "") || "0";
  const fraction = (found[2] ?? "").replace(/0+$/, "");
  if (whole === "0" && fraction === "") return { fault: "A rate must be above zero." };
  if (whole.length > 9 || fraction.length > 10)
    return { fault: "At most 9 digits before the point and 10 after it." };
  return { rate: fraction ? `${whole}.${fraction}` : whole };
}

/** From the address. Half a conversion is kept as it is, so that the page can say what it lacks. */
export function conversionFrom(search: URLSearchParams): Conversion | null {
  const to = search.get("currency") ?? "";
  if (!isCode(to)) return null;
  const rates = new Map<string, string>();
  for (const text of search.getAll("rate").slice(0, MAX_RATES)) {
    const at = text.indexOf("=");
    const currency = text.slice(0, at);
    if (at > 0 && isCode(currency) && currency !== to) rates.set(currency, text.slice(at + 1, MAX_TEXT));
  }
  return { to, rates: [...rates].map(([currency, text]) => ({ currency, text })) };
}

/** Into the address, or into a question to the API. */
export function appendConversion(search: URLSearchParams, conversion: Conversion | null): void {
  if (!conversion) return;
  search.set("currency", conversion.to);
  for (const { currency, text } of conversion.rates) search.append("rate", `${currency}=${text}`);
}

/** The conversion with every rate as the API reads it; null when one is none, so that nothing is converted. */
export function readable(conversion: Conversion | null): Conversion | null {
  if (!conversion) return null;
  const rates: Rate[] = [];
  for (const { currency, text } of conversion.rates) {
    const read = readRate(text);
    if ("fault" in read) return null;
    rates.push({ currency, text: read.rate });
  }
  return { to: conversion.to, rates };
}

/** Currencies that need a rate before anything can be shown in `to`. */
export function missingRates(conversion: Conversion, present: string[]): string[] {
  const given = new Set(conversion.rates.map((one) => one.currency));
  return present.filter((one) => one !== conversion.to && !given.has(one));
}

export interface UsedRate {
  currency: string;
  rate: string;
  to: string;
}

const USED = /^(\S+) was converted at (\S+) (\S+) \(given\)$/;

/** The rates that an answer says it used, and its other notes. */
export function usedRates(notes: string[]): { rates: UsedRate[]; others: string[] } {
  const rates: UsedRate[] = [];
  const others: string[] = [];
  for (const note of notes) {
    const found = USED.exec(note);
    if (found) rates.push({ currency: found[1] ?? "", rate: found[2] ?? "", to: found[3] ?? "" });
    else others.push(note);
  }
  return { rates, others };
}
