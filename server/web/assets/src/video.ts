/** The Video document of the API: pages, events and REST answers share it. */
export interface Video {
  id: string;
  title: string;
  state: "checking" | "preparing" | "ready" | "failed";
  playable: boolean;
  duration: number | null;
  width: number | null;
  height: number | null;
  size: number;
  owner: string;
  created_at: string;
  ready_at: string | null;
  progress: { done: number; total: number; eta_seconds: number | null; queue_place: number | null };
  error: { code: string; message: string } | null;
  page: string;
  renditions: { name: string; kind: "video" | "audio"; state: "waiting" | "preparing" | "ready" }[];
  poster: string | null;
  posters: { choice: number; url: string }[];
  playlist: string | null;
  storyboard: string | null;
  chapters: string | null;
  captions: { id: string; language: string | null; label: string; forced: boolean; added: boolean; url: string }[];
}
