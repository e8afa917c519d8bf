/** A grammar is valid, but matching it against what was generated so far takes more than is served. */
export class GrammarTooComplex extends Error {
  constructor(what: string) {
    super(what);
    this.name = "GrammarTooComplex";
  }
}
