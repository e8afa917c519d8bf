import { Icon } from "../app/icon.tsx";
import { t } from "../i18n/language.ts";

interface PictureListProps {
  readonly pictures: readonly string[];
  /** Unset: they stay. */
  readonly onRemove?: (index: number) => void;
}

/** The pictures of a message, small, each with a button to take it out where that can be. */
export function PictureList({ pictures, onRemove }: PictureListProps) {
  if (pictures.length === 0) return null;
  return (
    <ul class="pictures">
      {pictures.map((url, index) => (
        <li key={`${index} ${url.length}`}>
          <img src={url} alt={t.value.picture(index + 1)} />
          {onRemove && (
            <button
              type="button"
              class="icon-button"
              aria-label={t.value.removePicture(index + 1)}
              title={t.value.removePicture(index + 1)}
              onClick={() => onRemove(index)}
            >
              <Icon name="close" />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
