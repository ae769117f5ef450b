// What runs on every page: keys, copy buttons, preferences, menus. An island's code is fetched when a page first holds one.

import './keys';
import './live';
import './forms';
import './fragment';
import './snapshot';
import './unfold';
import './panel';
import { go, onPage, refresh } from './nav';
import { setCookie } from './preferences';

const islands: Record<string, () => Promise<unknown>> = {
  'apm-chart': () => import('./chart'),
  'apm-waterfall': () => import('./waterfall'),
  'apm-flame': () => import('./flame'),
  'apm-map': () => import('./map'),
  'apm-distribution': () => import('./distribution'),
  'apm-scatter': () => import('./scatter'),
  'apm-heat': () => import('./heat'),
  'apm-events': () => import('./events'),
  'apm-tail': () => import('./tail'),
  'apm-board': () => import('./board'),
};

function loadIslands(): void {
  for (const [tag, load] of Object.entries(islands)) {
    if (!document.querySelector(tag)) continue;
    delete islands[tag];
    void load();
  }
}

/** The server writes times in the viewer's zone; the first visit tells it which one that is. */
function tellZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.documentElement.dataset['browserZone'] ?? '';
  if (!zone || known === zone || document.cookie.includes(`apm_zone=${encodeURIComponent(zone)}`)) return;
  setCookie('zone', zone);
  if (document.documentElement.dataset['zone'] !== zone && !document.documentElement.hasAttribute('data-utc')) refresh();
}

async function copy(button: HTMLElement): Promise<void> {
  let text = button.dataset['copy'] ?? '';
  if (button.hasAttribute('data-share')) text = new URL(text, location.href).href;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  const say = document.getElementById('say');
  if (say) say.textContent = 'Copied';
  if (button.classList.contains('done')) return; // What it says else is not seen just now.
  const [title, icon, label] = [button.title, button.querySelector('use'), button.querySelector('svg') ? null : button.textContent];
  const before = icon?.getAttribute('href');
  button.classList.add('done');
  button.title = 'Copied';
  if (before) icon!.setAttribute('href', before.replace(/#.*/, '#check'));
  if (label !== null) button.textContent = 'Copied';
  setTimeout(() => {
    button.classList.remove('done');
    button.title = title;
    if (before) button.querySelector('use')?.setAttribute('href', before);
    if (label !== null) button.textContent = label;
  }, 1500);
}

document.addEventListener('click', event => {
  const target = (event.target as Element).closest<HTMLElement>('[data-copy], [data-pref], [data-dialog], [data-refresh], [data-menu], a[data-negate]');
  if (!target) {
    if (!(event.target as Element).closest('.rail')) document.querySelector('.rail.open')?.classList.remove('open');
    return;
  }
  if (target.dataset['copy'] !== undefined) void copy(target);
  else if (target.dataset['pref']) setPreference(target.dataset['pref']!, target.dataset['value'] ?? '');
  else if (target.dataset['dialog']) document.getElementById(target.dataset['dialog']!)?.showPopover();
  else if (target.hasAttribute('data-refresh')) refresh();
  else if (target.hasAttribute('data-menu')) document.querySelector('.rail')?.classList.toggle('open');
  else if (event.altKey && target.dataset['negate']) {
    event.preventDefault();
    event.stopPropagation();
    go(target.dataset['negate']!);
  }
}, true);

function setPreference(name: string, value: string): void {
  if (name === 'theme' && value === 'other') {
    const root = document.documentElement;
    const dark = root.dataset['theme'] ? root.dataset['theme'] === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    value = dark ? 'light' : 'dark';
    root.dataset['theme'] = value;
  }
  setCookie(name, value);
  refresh();
}

/** A widget's menu turns its chart into a table, and back. */
document.addEventListener('click', event => {
  const entry = (event.target as Element).closest<HTMLElement>('[data-table]');
  if (!entry) return;
  entry.closest<HTMLElement>('[popover]')?.hidePopover();
  entry.closest('.widget')?.querySelector<HTMLElement & { toggleTable?(): void }>('apm-chart, apm-heat')?.toggleTable?.();
});

/** A select that stands for a choice of the page goes there at once. */
document.addEventListener('change', event => {
  const select = event.target as HTMLElement;
  if (select.matches('[data-submit]')) (select.closest('form') as HTMLFormElement).requestSubmit();
});

/** Empty fields stay out of addresses (ui.md §1). Capturing, so that it is done before Blazor reads the form. */
document.addEventListener('submit', event => {
  const form = event.target as HTMLFormElement;
  if (form.method !== 'get') return;
  const emptied = [...form.elements].filter((field): field is HTMLInputElement => 'name' in field && (field as HTMLInputElement).name !== '' && (field as HTMLInputElement).value === '');
  for (const field of emptied) field.disabled = true;
  setTimeout(() => { for (const field of emptied) field.disabled = false; });
  (document.activeElement as HTMLElement | null)?.blur();
}, true);

/** Where what is open was opened: an address changes before its page has come. */
let openedAt = '';
document.addEventListener('beforetoggle', event => {
  if (event.newState === 'open') openedAt = location.href;
}, true);

let shownPage = location.href;
onPage(() => {
  loadIslands();
  for (const input of document.querySelectorAll<HTMLInputElement>('input[data-filter]')) filterRows(input);
  // A live page that was rendered anew is still the same page: what somebody just opened stays open.
  if (openedAt !== location.href) document.querySelector<HTMLElement>('[popover]:popover-open')?.hidePopover();
  if (shownPage === location.href) return;
  shownPage = location.href;
  document.querySelector('.rail.open')?.classList.remove('open');
});

/** A list narrows while a name is typed; Enter sends the form, so that it is in the address. */
function filterRows(input: HTMLInputElement): void {
  const needle = input.value.trim().toLowerCase();
  for (const row of document.querySelectorAll<HTMLElement>(`#${input.dataset['filter']} :is(tbody tr, [data-name])`)) {
    row.hidden = needle !== '' && !(row.dataset['name'] ?? '').toLowerCase().includes(needle);
  }
}

document.addEventListener('fragmentload', loadIslands);

document.addEventListener('input', event => {
  if ((event.target as Element).matches('input[data-filter]')) filterRows(event.target as HTMLInputElement);
});

/** A suggestion that is not a whole condition yet is put into the field to go on from. */
document.addEventListener('click', event => {
  const fill = (event.target as Element).closest<HTMLElement>('[data-fill]');
  const form = fill?.closest('apm-fragment')?.getAttribute('for');
  const input = form ? document.getElementById(form)?.querySelector<HTMLInputElement>('input[type=search]') : null;
  if (!fill || !input) return;
  input.value = fill.dataset['fill']!;
  input.focus();
  const caret = Number(fill.dataset['caret'] ?? input.value.length);
  input.setSelectionRange(caret, caret);
  input.dispatchEvent(new Event('input', { bubbles: true }));
});

/** A navigation that takes longer shows that it is on its way. */
let busyTimer = 0;
function busy(on: boolean): void {
  clearTimeout(busyTimer);
  if (on) busyTimer = window.setTimeout(() => document.body.classList.add('busy'), 150);
  else document.body.classList.remove('busy');
}

/** A row of a list leads where its main link leads; links, buttons and selected text in it keep their own meaning. */
document.addEventListener('click', event => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as Element;
  if (target.closest('a, button, input, summary, label') || getSelection()?.type === 'Range') return;
  const link = target.closest('table.t[data-rows] tbody tr')?.querySelector<HTMLAnchorElement>('[data-open], a.main');
  if (link) go(link.href);
});

// The page of a form that was refused has the form's address, which nobody can ask for again.
const here = document.querySelector<HTMLElement>('[data-here]')?.dataset['here'];
if (here) history.replaceState(history.state, '', here);

window.Blazor?.addEventListener('enhancednavigationstart', () => busy(true));
window.Blazor?.addEventListener('enhancednavigationend', () => busy(false));
loadIslands();
tellZone();
