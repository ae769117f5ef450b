// The same forms as Format/Figure.cs, for what is written while the pointer moves.

export type Unit = 'duration' | 'rate' | 'ratio' | 'count' | 'number' | 'bytes' | 'byterate';

function digits(value: number): string {
  if (value === 0) return '0';
  return String(Number(value.toPrecision(3)));
}

/** Nanoseconds as `812 µs`, `1.26 s`, `3 min 20 s`. */
export function duration(nanos: number): string {
  if (nanos === 0) return '0 ms';
  if (nanos < 999.5) return digits(nanos) + ' ns';
  if (nanos < 999.5e3) return digits(nanos / 1e3) + ' µs';
  if (nanos < 999.5e6) return digits(nanos / 1e6) + ' ms';
  if (nanos < 59.95e9) return digits(nanos / 1e9) + ' s';
  const seconds = Math.round(nanos / 1e9);
  if (seconds < 3600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(nanos / 60e9);
  if (minutes < 1440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(nanos / 3600e9);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

export function count(value: number): string {
  if (value < 999.5) return digits(value);
  if (value < 999.5e3) return digits(value / 1e3) + ' k';
  if (value < 999.5e6) return digits(value / 1e6) + ' M';
  return digits(value / 1e9) + ' G';
}

export function rate(perSecond: number): string {
  if (perSecond === 0) return '0 /s';
  if (perSecond < 0.0995) return perSecond * 60 < 0.0995 ? digits(perSecond * 3600) + ' /h' : digits(perSecond * 60) + ' /min';
  const text = count(perSecond);
  return text + (/\d$/.test(text) ? ' /s' : '/s');
}

export function percent(ratio: number): string {
  if (ratio > 0 && ratio < 0.00005) return '< 0.01 %';
  return digits(ratio * 100) + ' %';
}

/** In powers of 1000. */
export function bytes(value: number): string {
  if (value < 999.5) return digits(value) + ' B';
  if (value < 999.5e3) return digits(value / 1e3) + ' kB';
  if (value < 999.5e6) return digits(value / 1e6) + ' MB';
  if (value < 999.5e9) return digits(value / 1e9) + ' GB';
  return digits(value / 1e12) + ' TB';
}

export function figure(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value < 0) return '−' + figure(-value, unit);
  switch (unit) {
    case 'duration': return duration(value);
    case 'rate': return rate(value);
    case 'ratio': return percent(value);
    case 'count':
    case 'number': return count(value);
    case 'bytes': return bytes(value);
    case 'byterate': return bytes(value) + '/s';
  }
}

/** The zone in which the server writes times, from <html data-zone>. */
export function zone(): string {
  return document.documentElement.dataset['zone'] || 'UTC';
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** A time of day in the viewer's zone; with the day when asked. */
export function clock(ms: number, withSeconds = true, withDay = false): string {
  const key = `${zone()}|${withSeconds}|${withDay}`;
  let form = clocks.get(key);
  if (!form) {
    form = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone(), hour: '2-digit', minute: '2-digit', ...(withSeconds ? { second: '2-digit' } : {}), ...(withDay ? { day: 'numeric', month: 'short' } : {}),
    });
    clocks.set(key, form);
  }
  return form.format(ms);
}

/** `µs` from a trace's start as `1.26 s`; zero stays without a unit's noise. */
export function micros(us: number): string {
  return us === 0 ? '0' : duration(us * 1000);
}
