// <apm-fragment for="form-id" url="/ui/fragment/…">: shows HTML that the server makes of a form's fields while they are typed.

class ApmFragment extends HTMLElement {
  #timer = 0;
  #abort: AbortController | null = null;
  #undo: (() => void) | null = null;

  connectedCallback(): void {
    const form = document.getElementById(this.getAttribute('for') ?? '');
    if (!form) return;
    const typed = () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#load(form as HTMLFormElement), 150);
    };
    form.addEventListener('input', typed);
    form.addEventListener('focusin', typed);
    const key = (event: KeyboardEvent) => this.#key(event);
    form.addEventListener('keydown', key);
    this.#undo = () => {
      form.removeEventListener('keydown', key);
      form.removeEventListener('input', typed);
      form.removeEventListener('focusin', typed);
    };
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#undo?.();
  }

  /** Arrows go through what is offered, Enter takes it, Escape closes the list; typing goes on in the field. */
  #key(event: KeyboardEvent): void {
    if (event.isComposing || !(event.target instanceof HTMLInputElement)) return;
    const lines = [...this.querySelectorAll<HTMLElement>('.suggest a, .suggest button')];
    const at = lines.findIndex(line => line.classList.contains('at'));
    if (this.dataset['state'] !== 'ready' || lines.length === 0) return;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        const to = (at < 0 ? (event.key === 'ArrowDown' ? 0 : lines.length - 1) : at + (event.key === 'ArrowDown' ? 1 : -1) + lines.length) % lines.length;
        for (const line of lines) line.classList.toggle('at', line === lines[to]);
        lines[to]!.scrollIntoView({ block: 'nearest' });
        const say = document.getElementById('say');
        if (say) say.textContent = lines[to]!.innerText.replace(/\s+/g, ' ');
        break;
      }
      case 'Enter':
        if (at < 0) return;
        lines[at]!.click();
        break;
      case 'Escape':
        this.#abort?.abort();
        clearTimeout(this.#timer);
        this.innerHTML = '';
        this.dataset['state'] = 'empty';
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  async #load(form: HTMLFormElement): Promise<void> {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    const url = new URL(this.getAttribute('url')!, location.href);
    for (const [key, value] of new FormData(form)) if (typeof value === 'string') url.searchParams.set(key, value);
    try {
      const response = await fetch(url, { signal: abort.signal });
      const html = response.ok ? await response.text() : '';
      this.innerHTML = html;
      this.dataset['state'] = html.trim() === '' ? 'empty' : 'ready';
    } catch {
      if (!abort.signal.aborted) this.dataset['state'] = 'error';
    }
  }
}

customElements.define('apm-fragment', ApmFragment);
