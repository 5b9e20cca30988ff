import type { Format } from "./protocol";

/** Numbers as a reader compares them: the fewest digits that still tell two runs apart, always with a unit. */

const MISSING = "–";
const THIN = "\u202f"; // narrow no-break space

export function format(value: number | string | null, as: Format): string {
  if (value === null) return MISSING;
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  return FORMATS[as](value);
}

const FORMATS: Record<Format, (value: number) => string> = {
  metric,
  rate: (value) => (Math.abs(value) < 100 ? metric(value) : grouped(significant(value, 3))),
  bytes,
  count: (value) => grouped(value),
  seconds: duration,
  text: String,
};

/** Four decimals near one, four significant digits above, an exponent below a thousandth. */
export function metric(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return format(value, "metric");
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-3) return minus(exponent(value));
  if (size >= 1000) return grouped(Math.round(value));
  if (size < 0.01) return minus(String(significant(value, 3)));
  return minus(size < 1.00005 ? value.toFixed(4) : value.toPrecision(4));
}

/** Numbers under each other: the largest has three significant digits, all have the same decimals. */
export function column(values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs).filter(Number.isFinite), 0);
  if (largest === 0 || largest < 1e-4) return values.map(metric);
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(largest))));
  return values.map((value) => grouped(Number(value.toFixed(decimals)), decimals));
}

export function bytes(value: number): string {
  if (value >= 1e11) return `${grouped(Math.round(value / 1e9))} GB`;
  if (value >= 1e10) return `${(value / 1e9).toFixed(1)} GB`;
  if (value >= 1e8) return `${(value / 1e9).toFixed(2)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`;
  return value >= 1e3 ? `${Math.round(value / 1e3)} kB` : `${Math.round(value)} B`;
}

const GIB = 2 ** 30;

/** "12.3 of 80 GiB": a device's memory, which its maker counts in powers of two. */
export function memoryOf(used: number, total: number | null): string {
  const whole = total === null ? "" : ` of ${(total / GIB).toFixed(total < 10 * GIB ? 1 : 0)}`;
  return `${(used / GIB).toFixed(used < 100 * GIB ? 1 : 0)}${whole} GiB`;
}

/** "850 ms", "4.2 s", "1 m 12 s", "2 h 05 m", "3 d 4 h". */
export function duration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(Math.max(0, seconds) * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return clock(seconds);
}

/** A duration in whole seconds, for what ticks. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours} h ${two(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A share of one in whole per cent; what is not nothing and not all never reads as 0 or 100. */
export function percent(share: number): string {
  const whole = Math.round(100 * share);
  if (whole === 0 && share > 0) return `<1${THIN}%`;
  if (whole === 100 && share < 1) return `>99${THIN}%`;
  return `${whole}${THIN}%`;
}

/** Digits in threes. */
export function grouped(value: number, decimals?: number): string {
  const text = decimals === undefined ? String(value) : value.toFixed(decimals);
  const [whole = "", fraction] = minus(text).split(".");
  const threes = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return fraction ? `${threes}.${fraction}` : threes;
}

/** First and last characters of a hash. */
export function short(hash: string): string {
  return hash.length <= 10 ? hash : `${hash.slice(0, 4)}…${hash.slice(-2)}`;
}

export function ordinal(position: number): string {
  const teen = position % 100 > 10 && position % 100 < 14;
  return `${position}${(!teen && ["th", "st", "nd", "rd"][position % 10]) || "th"}`;
}

function exponent(value: number): string {
  const [digits = "", power = ""] = value.toExponential(2).split("e");
  return `${digits.replace(/\.?0+$/, "")}e${power.replace("+", "")}`;
}

function significant(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** A true minus sign has the width of a digit. An exponent keeps its hyphen: people paste it. */
function minus(text: string): string {
  return text.replace(/^-/, "−");
}
