const PREFIX = "matinee:position:";
const TOO_EARLY = 10;
const CREDITS = 0.96;
const EVERY = 5;

/** Where this browser last left the film, in seconds; -1 for the beginning. */
export function lastPosition(video: string): number {
  return Number(localStorage.getItem(PREFIX + video) ?? -1);
}

/** Remember the position as the film goes on; a film watched to its credits starts over. */
export function rememberPosition(video: string, media: HTMLVideoElement): void {
  let noted = 0;
  const note = (): void => {
    const { currentTime, duration } = media;
    if (!Number.isFinite(duration) || media.readyState === 0) return;
    noted = currentTime;
    if (currentTime < TOO_EARLY || currentTime > duration * CREDITS) localStorage.removeItem(PREFIX + video);
    else localStorage.setItem(PREFIX + video, currentTime.toFixed(1));
  };
  media.addEventListener("timeupdate", () => {
    if (Math.abs(media.currentTime - noted) >= EVERY) note();
  });
  media.addEventListener("pause", note);
  window.addEventListener("pagehide", note);
}
