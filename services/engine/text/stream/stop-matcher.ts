/** Finds the first stop text in a text that arrives in pieces. */
export interface StopMatcher {
  /** Takes the next piece. After a match the matcher is spent: what follows is swallowed. */
  push(text: string): StopMatch;
  /** The text still held back, when the whole text has ended without a match. */
  end(): string;
}

export interface StopMatch {
  /** Text that can no longer become part of a stop text. */
  readonly emit: string;
  /** The stop text that was found; neither it nor what follows is ever emitted. */
  readonly stopped: string | undefined;
}

interface State {
  /** How many characters of a stop text have been read. */
  readonly depth: number;
  readonly next: Map<number, State>;
  /** The state of the longest proper suffix of what was read; undefined only for the root. */
  fallback: State | undefined;
  /** The longest stop text that ends here. */
  stop: string | undefined;
}

/**
 * The match that is complete first wins; of those complete at the same character, the longest. So the result does not
 * depend on how the text is cut. What is held back is exactly the longest suffix that is a proper prefix of a stop
 * text. Time is linear in the text, whatever the stop texts (Aho and Corasick). Empty stop texts never match.
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const root = buildStates(stops);
  if (root.next.size === 0) return passThrough;
  let state = root;
  let held = "";
  let spent = false;
  return {
    push(text) {
      if (spent) return { emit: "", stopped: undefined };
      for (let i = 0; i < text.length; i++) {
        state = advance(state, text.charCodeAt(i));
        if (state.stop === undefined) continue;
        spent = true;
        const read = held + text.slice(0, i + 1);
        return { emit: read.slice(0, read.length - state.stop.length), stopped: state.stop };
      }
      if (state.depth === 0 && held === "") return { emit: text, stopped: undefined };
      const read = held + text;
      const cut = read.length - state.depth;
      held = read.slice(cut);
      return { emit: read.slice(0, cut), stopped: undefined };
    },
    end() {
      const rest = spent ? "" : held;
      held = "";
      state = root;
      return rest;
    },
  };
}

const passThrough: StopMatcher = {
  push: (text) => ({ emit: text, stopped: undefined }),
  end: () => "",
};

function advance(from: State, char: number): State {
  let state = from;
  for (;;) {
    const next = state.next.get(char);
    if (next !== undefined) return next;
    if (state.fallback === undefined) return state;
    state = state.fallback;
  }
}

function buildStates(stops: readonly string[]): State {
  const root: State = { depth: 0, next: new Map(), fallback: undefined, stop: undefined };
  for (const stop of stops) {
    let state = root;
    for (let i = 0; i < stop.length; i++) {
      const char = stop.charCodeAt(i);
      let next = state.next.get(char);
      if (next === undefined) {
        next = { depth: i + 1, next: new Map(), fallback: undefined, stop: undefined };
        state.next.set(char, next);
      }
      state = next;
    }
    if (state !== root) state.stop = stop;
  }
  // Breadth first, so that the shorter suffixes a state falls back to are finished before it.
  const queue = [root];
  for (const state of queue) {
    for (const [char, child] of state.next) {
      child.fallback = state.fallback === undefined ? root : advance(state.fallback, char);
      child.stop ??= child.fallback.stop;
      queue.push(child);
    }
  }
  return root;
}
