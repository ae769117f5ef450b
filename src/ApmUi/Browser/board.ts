// <apm-board data-form>: a board that is changed. Widgets are dragged by their handle and at their corner, or moved by arrow keys on the handle
// (with Shift: their size). Where they stand is written into the board's JSON in the form; the server saves what stands there.

export interface Place { x: number; y: number; width: number; height: number }

const columns = 12;
const rowPx = 48; // With the gap.

class ApmBoard extends HTMLElement {
  #undo: AbortController | null = null;

  connectedCallback(): void {
    this.#undo = new AbortController();
    const { signal } = this.#undo;
    this.addEventListener('pointerdown', event => this.#grab(event), { signal });
    this.addEventListener('keydown', event => this.#key(event), { signal });
    addEventListener('beforeunload', event => { if (this.#isUnsaved()) event.preventDefault(); }, { signal });
    document.addEventListener('click', event => this.#leave(event, (event.target as Element).closest('main a[href], main form:not(#board-form) button')), { signal, capture: true });
  }

  disconnectedCallback(): void { this.#undo?.abort(); }

  /** For tests: the places as they are shown. */
  inspect(): object { return Object.fromEntries(this.#widgets().map(widget => [widget.dataset['widget'], placeOf(widget)])); }

  #json(): HTMLTextAreaElement | null { return document.getElementById(this.dataset['form'] ?? '')?.querySelector<HTMLTextAreaElement>('textarea[name=json]') ?? null; }

  #isUnsaved(): boolean {
    const text = this.#json();
    return text !== null && text.value !== text.defaultValue;
  }

  /** What was moved or written and not saved goes with the page: that is asked once. */
  #leave(event: MouseEvent, way: Element | null): void {
    if (!way || !this.#isUnsaved()) return;
    if (way.hasAttribute('data-leave') || confirm('What was changed is not saved yet. Leave it?')) {
      this.#json()!.value = this.#json()!.defaultValue;
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #widgets(): HTMLElement[] { return [...this.querySelectorAll<HTMLElement>(':scope > .widget')]; }

  #grab(event: PointerEvent): void {
    const handle = (event.target as Element).closest<HTMLElement>('[data-move], [data-resize]');
    const widget = handle?.closest<HTMLElement>('.widget');
    if (!this.dataset['form'] || !handle || !widget || widget.parentElement !== this || event.button !== 0) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    if (handle instanceof HTMLButtonElement) handle.focus();
    const before = placeOf(widget);
    const columnPx = (this.clientWidth + 8) / columns;
    const ended = new AbortController();
    widget.classList.add('moving');
    const stop = (keeps: boolean) => {
      ended.abort();
      widget.classList.remove('moving');
      if (keeps) this.#settle(widget);
      else put(widget, before);
    };
    handle.addEventListener('pointermove', move => {
      const [dx, dy] = [Math.round((move.clientX - event.clientX) / columnPx), Math.round((move.clientY - event.clientY) / rowPx)];
      put(widget, handle.hasAttribute('data-resize') ? sized(before, dx, dy) : moved(before, dx, dy));
    }, { signal: ended.signal });
    handle.addEventListener('pointerup', () => stop(true), { signal: ended.signal });
    handle.addEventListener('pointercancel', () => stop(false), { signal: ended.signal });
    addEventListener('keydown', key => {
      if (key.key !== 'Escape') return;
      key.preventDefault();
      key.stopPropagation();
      stop(false);
    }, { signal: ended.signal, capture: true });
  }

  #key(event: KeyboardEvent): void {
    const widget = (event.target as Element).closest('[data-move]')?.closest<HTMLElement>('.widget');
    const step = steps[event.key];
    if (!this.dataset['form'] || !widget || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    put(widget, event.shiftKey ? sized(placeOf(widget), ...step) : moved(placeOf(widget), ...step));
    this.#settle(widget);
  }

  /** What the moved widget would cover moves down; the JSON says all places. */
  #settle(first: HTMLElement): void {
    const placed: Place[] = [placeOf(first)];
    const others = this.#widgets().filter(widget => widget !== first).map(widget => ({ widget, place: placeOf(widget) })).sort((a, b) => a.place.y - b.place.y || a.place.x - b.place.x);
    for (const { widget, place } of others) {
      for (let below; (below = placed.filter(other => covers(place, other)).map(other => other.y + other.height)).length > 0;) place.y = Math.max(...below);
      placed.push(place);
      put(widget, place);
    }
    this.#write();
    const at = placeOf(first);
    const say = document.getElementById('say');
    if (say) say.textContent = `Column ${at.x + 1}, row ${at.y + 1}, ${at.width} wide, ${at.height} high`;
  }

  #write(): void {
    const text = this.#json();
    if (!text) return;
    try {
      const board = JSON.parse(text.value) as { widgets: { id?: number; layout?: Place }[] };
      for (const widget of this.#widgets()) {
        const written = board.widgets.find(one => String(one.id) === widget.dataset['widget']);
        if (written) written.layout = placeOf(widget);
      }
      text.value = JSON.stringify(board, null, 2);
    } catch { /* It is being written just now; what is wrong with it is said when it is saved. */ }
  }
}

const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function placeOf(widget: HTMLElement): Place {
  const [row, column, down, across] = widget.style.gridArea.split('/').map(part => Number(part.replace('span', '').trim()));
  return { x: column! - 1, y: row! - 1, width: across!, height: down! };
}

function put(widget: HTMLElement, at: Place): void {
  widget.style.gridArea = `${at.y + 1} / ${at.x + 1} / span ${at.height} / span ${at.width}`;
}

function moved(at: Place, dx: number, dy: number): Place {
  return { ...at, x: Math.min(columns - at.width, Math.max(0, at.x + dx)), y: Math.max(0, at.y + dy) };
}

function sized(at: Place, dx: number, dy: number): Place {
  return { ...at, width: Math.min(columns - at.x, Math.max(1, at.width + dx)), height: Math.max(1, at.height + dy) };
}

function covers(one: Place, other: Place): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

customElements.define('apm-board', ApmBoard);
