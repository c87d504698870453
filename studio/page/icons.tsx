/** Small pictures; whoever uses one says in words what it means. */
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect x="6" y="6" width="20" height="20" rx="4" fill="currentColor" />
    <path
      d="M11 2v4m5-4v4m5-4v4M11 26v4m5-4v4m5-4v4M2 11h4m-4 5h4m-4 5h4M26 11h4m-4 5h4m-4 5h4"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
    />
    <path d="M11 12h10M11 16h10M11 20h6" class="logo-lines" stroke-width="2" stroke-linecap="round" />
  </svg>
);

export const PlayIcon = () => (
  <Icon>
    <path d="M4 2.5v11l9-5.5z" fill="currentColor" />
  </Icon>
);

export const StopIcon = () => (
  <Icon>
    <rect x="3" y="3" width="10" height="10" rx="1.5" fill="currentColor" />
  </Icon>
);

export const DiceIcon = () => (
  <Icon>
    <rect x="2" y="2" width="12" height="12" rx="3" fill="none" stroke="currentColor" stroke-width="1.5" />
    <circle cx="5.5" cy="5.5" r="1.1" fill="currentColor" />
    <circle cx="8" cy="8" r="1.1" fill="currentColor" />
    <circle cx="10.5" cy="10.5" r="1.1" fill="currentColor" />
  </Icon>
);

export const LinkIcon = () => (
  <Icon>
    <path
      d="M6.5 9.5l3-3M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7.2"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
    />
  </Icon>
);
