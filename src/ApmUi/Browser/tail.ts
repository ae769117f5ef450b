// <apm-tail src>: streams rows of newly stored traces into the table that the server put into it (`data-permanent`: a navigation
// leaves them alone). Holds still as a live page does, stops in a tab that nobody sees, and comes back when the stream breaks off.

import { held } from './held';
import { onPage } from './nav';
import { restore } from './unfold';

/** Rows shown, and rows that wait while the list holds still; the oldest go. */
const maxRows = 200;

/** Pauses before each next try; the last one stays. */
const retryMs = [1000, 2000, 5000, 10_000];

type Phase = 'connecting' | 'open' | 'hidden' | 'lost' | 'refused';

interface Row { id: string; html: string }
interface Pace { shown: number; more: number; skipped: number }

const tails = new Set<ApmTail>();

class ApmTail extends HTMLElement {
  static observedAttributes = ['src'];

  #abort: AbortController | null = null;
  #phase: Phase = 'connecting';
  #reason = '';
  #tries = 0;
  #retry = 0;
  #tick = 0;
  #wasLost = false;
  #isPaused = false;
  #pace: Pace = { shown: 0, more: 0, skipped: 0 };
  #trouble = '';
  #waiting = new Map<string, string>();
  #lost = 0;
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    tails.add(this);
    const visible = () => { if (document.hidden) this.#stop('hidden'); else if (this.#phase === 'hidden') this.#connect(); };
    const click = (event: Event) => this.#press((event.target as Element).closest<HTMLElement>('[data-tail]')?.dataset['tail']);
    document.addEventListener('visibilitychange', visible);
    this.addEventListener('click', click);
    this.#undo.push(() => document.removeEventListener('visibilitychange', visible), () => this.removeEventListener('click', click));
    this.#tick = window.setInterval(() => this.#flush(), 250);
    queueMicrotask(() => { if (document.hidden) this.#stop('hidden'); else this.#connect(); });
  }

  disconnectedCallback(): void {
    tails.delete(this);
    clearInterval(this.#tick);
    clearTimeout(this.#retry);
    this.#abort?.abort();
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** Another query: begins anew, after the merge that is under way. */
  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === null || before === after) return;
    queueMicrotask(() => {
      this.#clear();
      this.#tries = 0;
      if (!document.hidden) this.#connect();
    });
  }

  /** Attributes that a navigation took away. */
  restore(): void { this.#say(); }

  get #body(): HTMLElement | null { return this.querySelector('tbody'); }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    this.#set('connecting');
    void this.#read(abort).catch(() => 'The server cannot be reached.').then(broke => {
      if (!abort.signal.aborted && broke !== null) this.#again(broke);
    });
  }

  /** Reads until the stream ends. Why it did; null when there is no use in trying again. */
  async #read(abort: AbortController): Promise<string | null> {
    const response = await fetch(this.getAttribute('src')!, { signal: abort.signal, cache: 'no-store', headers: { accept: 'text/event-stream' } });
    if (!response.ok || !response.body) {
      this.#reason = (await response.text()).slice(0, 400) || `The server answered ${response.status}.`;
      this.#set('refused');
      if (response.status === 503) this.#retry = window.setTimeout(() => this.#connect(), 1000 * Number(response.headers.get('retry-after') ?? 10));
      return null;
    }
    this.#tries = 0;
    this.#set('open');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = '', end = ''; ;) {
      const { value, done } = await reader.read();
      if (done) return end || 'The stream broke off.';
      text += value;
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) end = this.#heard(event) || end;
    }
  }

  /** One event; why the stream ends when it says so, else "". */
  #heard(event: string): string {
    const name = /^event: (.*)$/m.exec(event)?.[1];
    const data = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? 'null') as unknown;
    if (name === 'row') {
      const row = data as Row;
      this.#waiting.delete(row.id);
      this.#waiting.set(row.id, row.html);
      if (this.#waiting.size > maxRows) {
        this.#waiting.delete(this.#waiting.keys().next().value!);
        this.#lost++;
      }
    } else if (name === 'pace') {
      this.#pace = data as Pace;
      this.#trouble = '';
      this.#say();
    } else if (name === 'trouble') this.#trouble = (data as { reason: string }).reason;
    else if (name === 'end') return (data as { reason: string }).reason;
    return '';
  }

  #again(why: string): void {
    const after = retryMs[Math.min(this.#tries++, retryMs.length - 1)]!;
    this.#reason = `${why} Trying again in ${after / 1000} s.`;
    this.#wasLost = true;
    this.#set('lost');
    this.#retry = window.setTimeout(() => this.#connect(), after);
  }

  #stop(phase: Phase): void {
    clearTimeout(this.#retry);
    this.#abort?.abort();
    this.#set(phase);
  }

  #set(phase: Phase): void {
    const changed = this.#phase !== phase;
    this.#phase = phase;
    this.#say();
    const say = document.getElementById('say');
    if (changed && say && phase !== 'connecting') say.textContent = this.querySelector('[data-tail-state]')?.textContent ?? '';
  }

  #press(what: string | undefined): void {
    if (what === 'pause') this.#isPaused = !this.#isPaused;
    else if (what === 'clear') this.#clear();
    else return;
    this.#flush();
    this.#say();
  }

  #clear(): void {
    this.#waiting.clear();
    this.#lost = 0;
    this.#wasLost = false;
    this.#body?.replaceChildren();
    this.#say();
  }

  /** Shows what waits, unless somebody reads. */
  #flush(): void {
    if (this.#waiting.size > 0 && !this.#isPaused && held() === null) this.#show();
    this.#say();
  }

  #show(): void {
    const body = this.#body;
    if (!body) return;
    for (const [id, html] of this.#waiting) {
      const template = document.createElement('template');
      template.innerHTML = html;
      const row = template.content.querySelector('tr');
      if (!row) continue;
      const known = body.querySelector<HTMLElement>(`tr[data-trace="${CSS.escape(id)}"]`);
      if (known) {
        row.className = known.className;
        known.replaceWith(row);
      } else body.prepend(row);
    }
    this.#waiting.clear();
    const rows = [...body.querySelectorAll<HTMLElement>('tr[data-trace]')];
    for (const row of rows.splice(maxRows)) row.remove();
    const longest = Math.max(1, ...rows.map(row => Number(row.dataset['nanos'])));
    for (const row of rows) row.querySelector<HTMLElement>('.meter > i')?.style.setProperty('width', `${100 * Number(row.dataset['nanos']) / longest}%`);
    restore(); // Rows that have grown are new ones.
  }

  #say(): void {
    const why = held();
    const isStill = this.#phase === 'open' && (this.#isPaused || why !== null);
    this.dataset['state'] = this.#phase === 'open' ? (isStill ? 'held' : 'open') : this.#phase;
    const waits = this.#waiting.size > 0 ? `: ${this.#waiting.size} waiting${this.#lost > 0 ? `, ${this.#lost} older ones left out` : ''}` : '';
    if (!isStill && this.#waiting.size === 0) this.#lost = 0;
    const state = this.#phase === 'connecting' ? 'Connecting …'
      : this.#phase === 'hidden' ? 'Stopped while this tab was hidden.'
      : this.#phase !== 'open' ? this.#reason
      : this.#isPaused ? 'Paused' + waits
      : why !== null ? `Held ${why}${waits}`
      : this.#wasLost ? 'Connected again. What was stored in between is in the list, not here.'
      : 'Streaming what is stored from now on';
    const more = this.#trouble ? this.#trouble
      : [this.#pace.more > 0 ? `${this.#pace.more} more per second not shown` : '', this.#pace.skipped > 0 ? `${this.#pace.skipped} spans came too fast to be looked at` : ''].filter(text => text).join(' · ');
    set(this.querySelector('[data-tail-state]'), state);
    set(this.querySelector('[data-tail-more]'), this.#phase === 'open' ? more : '');
    const rows = this.#body?.querySelectorAll('tr[data-trace]').length ?? 0;
    set(this.querySelector('[data-tail-count]'), rows === 0 ? '' : rows >= maxRows ? `The ${maxRows} latest; older ones are in the list` : `${rows} trace${rows === 1 ? '' : 's'} since this page was opened`);
    const empty = this.querySelector<HTMLElement>('[data-tail-empty]');
    if (empty) empty.hidden = rows > 0;
    const pause = this.querySelector<HTMLElement>('[data-tail=pause]');
    if (pause && pause.getAttribute('aria-pressed') !== String(this.#isPaused)) {
      pause.setAttribute('aria-pressed', String(this.#isPaused));
      set(pause.querySelector('span'), this.#isPaused ? 'Go on' : 'Pause');
    }
  }
}

function set(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

customElements.define('apm-tail', ApmTail);
onPage(() => { for (const tail of tails) tail.restore(); });
