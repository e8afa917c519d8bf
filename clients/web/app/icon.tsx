const paths = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevronLeft: "M14.5 6l-6 6 6 6",
  chevronRight: "M9.5 6l6 6-6 6",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  download: "M12 4v11m0 0l-4.5-4.5M12 15l4.5-4.5M5 19h14",
  edit: "M5 19h3.5L19 8.5 15.5 5 5 15.5zM13 7.5l3.5 3.5",
  forward: "M6 6l7 6-7 6zM17 6v12",
  key: "M14.5 9.5a4 4 0 1 0-3.6 4L12.5 15H15v2.5h2.5V20H20v-3.2l-5.8-5.8",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z",
  picture: "M4 5h16v14H4zM8.5 8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM4 16.5l5-4.5 4 3.5 3.5-3 3.5 3",
  plus: "M12 5v14M5 12h14",
  refresh: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5",
  send: "M12 19V6m0 0l-5.5 5.5M12 6l5.5 5.5",
  sliders: "M4 8h9m4 0h3M4 16h3m4 0h9M15 6v4M9 14v4",
  stop: "M7 7h10v10H7z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  trash: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12",
  wrench: "M14.5 6.5a4 4 0 0 1 5-1l-2.7 2.7 1.5 1.5L21 7a4 4 0 0 1-5.5 4.5L9 18a2 2 0 0 1-3-3l6.5-6.5a4 4 0 0 1 2-2z",
} as const;

export type IconName = keyof typeof paths;

/** A line drawing for a button that says in words what it does. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
