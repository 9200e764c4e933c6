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
  progress: { done: number; total: number; eta_seconds: number | null };
  error: { code: string; message: string } | null;
  page: string;
  poster: string | null;
  playlist: string | null;
}
