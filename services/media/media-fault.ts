/** What is wrong with a picture or a sound, as the end of a sentence about it: `is cut off`. */
export class MediaFault extends Error {
  override readonly name = "MediaFault";
}
