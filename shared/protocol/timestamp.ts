/**
 * Times on the wire: RFC 3339 in UTC with milliseconds, `2026-11-23T06:00:00.000Z`, written as bytes, without a `Date`.
 */
import type { ByteSink } from './message-id';

export const timestampBytes = 24;

const dayMs = 86_400_000;
/** From 1 March of the year 0, where a cycle of the calendar begins, to 1970. */
const daysBefore1970 = 719_468;
const daysPerCycle = 146_097;
const zero = 0x30;
const dash = 0x2d;
const letterT = 0x54;
const colon = 0x3a;
const dot = 0x2e;
const letterZ = 0x5a;

/** Writes a time of the years 1970 to 9999. */
export function writeTimestamp(sink: ByteSink, atMs: number): void {
  const days = Math.floor(atMs / dayMs);
  writeDate(sink, days);
  sink.byte(letterT);
  let left = atMs - days * dayMs;
  const hours = Math.floor(left / 3_600_000);
  left -= hours * 3_600_000;
  const minutes = Math.floor(left / 60_000);
  left -= minutes * 60_000;
  const seconds = Math.floor(left / 1_000);
  writeTwoDigits(sink, hours);
  sink.byte(colon);
  writeTwoDigits(sink, minutes);
  sink.byte(colon);
  writeTwoDigits(sink, seconds);
  sink.byte(dot);
  const milliseconds = left - seconds * 1_000;
  sink.byte(zero + Math.floor(milliseconds / 100));
  writeTwoDigits(sink, milliseconds % 100);
  sink.byte(letterZ);
}

/**
 * Counts years from March, so that the day that a leap year adds is a year's last: a cycle of 400 such years is always
 * of the same length, and the months' lengths follow a straight line.
 */
function writeDate(sink: ByteSink, daysSince1970: number): void {
  const days = daysSince1970 + daysBefore1970;
  const cycle = Math.floor(days / daysPerCycle);
  const dayOfCycle = days - cycle * daysPerCycle;
  const leapDays =
    Math.floor(dayOfCycle / 1_460) - Math.floor(dayOfCycle / 36_524) + Math.floor(dayOfCycle / 146_096);
  const yearOfCycle = Math.floor((dayOfCycle - leapDays) / 365);
  const dayOfYear =
    dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const isNextYear = monthFromMarch >= 10;
  const year = cycle * 400 + yearOfCycle + (isNextYear ? 1 : 0);
  writeTwoDigits(sink, Math.floor(year / 100));
  writeTwoDigits(sink, year % 100);
  sink.byte(dash);
  writeTwoDigits(sink, isNextYear ? monthFromMarch - 9 : monthFromMarch + 3);
  sink.byte(dash);
  writeTwoDigits(sink, dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1);
}

function writeTwoDigits(sink: ByteSink, value: number): void {
  const tens = Math.floor(value / 10);
  sink.byte(zero + tens);
  sink.byte(zero + value - tens * 10);
}
