// The recording of a call: play, seek, speed. The audio element does the work; keyboards and screen readers get a slider.
/** @import { Interaction } from "../shared/openapi.d.ts" */
import { clock } from "../shared/format.js";
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";

const RATES = [1, 1.25, 1.5, 2];
/** @typedef {{ currentTarget: HTMLAudioElement }} AudioEvent */

/**
 * @param {{
 *   ticketId: string, interaction: Interaction, onTime: (seconds: number) => void,
 *   control: { current: (seconds: number) => void },
 * }} props `control` is given what plays from a moment on
 */
export function Player({ ticketId, interaction, control, onTime }) {
  const { t } = useDesk();
  const audio = useRef(/** @type {HTMLAudioElement | null} */ (null));
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [length, setLength] = useState(interaction.recording?.duration_s || 0);
  const [rate, setRate] = useState(1);
  const [broken, setBroken] = useState(false);
  const [turn, setTurn] = useState(0);
  const growing = !interaction.ended_at;
  const url = `/api/v1/tickets/${ticketId}/recordings/${interaction.interaction_id}`;

  const play = () => audio.current?.play().then(() => setBroken(false), (error) => error.name === "AbortError" || setBroken(true));
  /** @param {number} seconds */
  const seek = (seconds) => {
    if (audio.current) audio.current.currentTime = seconds;
    setAt(seconds);
  };
  control.current = (seconds) => {
    seek(seconds);
    play();
  };
  useEffect(() => {
    setBroken(false);
    audio.current?.load();
  }, [turn, growing]);
  useEffect(() => {
    if (audio.current) audio.current.playbackRate = rate;
  }, [rate, turn]);
  /** @param {AudioEvent} event */
  const measure = ({ currentTarget: { duration } }) => Number.isFinite(duration) && setLength(duration);
  const whole = Math.max(length, 0.1);
  return html`<div class="player" role="group" aria-label=${t.fields["interactions.recording"]}>
    <audio ref=${audio} src=${turn ? `${url}?turn=${turn}` : url} preload="metadata"
      onPlay=${() => setPlaying(true)} onPause=${() => setPlaying(false)} onEnded=${() => setPlaying(false)}
      onLoadedMetadata=${measure} onDurationChange=${measure}
      onTimeUpdate=${(/** @type {AudioEvent} */ { currentTarget: { currentTime } }) => {
        setAt(currentTime);
        onTime(currentTime);
      }}
      onError=${() => setBroken(true)}></audio>
    <button type="button" class="play" aria-label=${playing ? t.pause : t.play}
      onClick=${() => (playing ? audio.current?.pause() : play())}><${Icon} name=${playing ? "pause" : "play"} fill=${!playing} /></button>
    <input type="range" class="seek" min="0" max=${whole} step="0.1" value=${Math.min(at, whole)} aria-label=${t.position}
      aria-valuetext=${`${clock(at)} / ${clock(length)}`} style=${{ "--done": `${(100 * Math.min(at, whole)) / whole}%` }}
      onInput=${(event) => seek(Number(event.target.value))} />
    <span class="times" aria-hidden="true">${clock(at)} / ${clock(length)}</span>
    <label class="rate"><span class="visually-hidden">${t.rate}</span>
      <select value=${String(rate)} onChange=${(event) => setRate(Number(event.target.value))}>
        ${RATES.map((one) => html`<option key=${one} value=${String(one)}>${one}×</option>`)}
      </select>
    </label>
    ${growing && html`<p class="player-note">${t.growing}
      <button type="button" class="linklike" onClick=${() => setTurn(turn + 1)}>${t.refreshAudio}</button></p>`}
    ${broken && html`<p class="player-note" role="alert">${t.audioFailed}
      <button type="button" class="linklike" onClick=${() => setTurn(turn + 1)}>${t.retry}</button></p>`}
  </div>`;
}
