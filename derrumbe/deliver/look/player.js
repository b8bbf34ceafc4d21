"use strict";
// Two movies of equal size, rate and length over each other. The shot leads, the plate follows it frame by frame.
(() => {
  const data = JSON.parse(document.getElementById("shot").textContent);
  const at = (id) => document.getElementById(id);
  const after = at("after"), before = at("before"), stage = at("stage"), divider = at("divider"), scrub = at("scrub"), where = at("where");
  const rate = data.rate[0] / data.rate[1], last = data.count - 1;
  let frame = 0, playing = false, wipe = 50;

  const timeOf = (index) => (index + 0.5) / rate; // the middle of a frame: no rounding can land on its neighbour
  const frameAt = (time) => Math.min(last, Math.max(0, Math.floor(time * rate + 0.01)));

  function tell(index) {
    frame = index;
    scrub.value = index;
    where.innerHTML = `${data.first + index}<small>${data.timecodes[index]}</small>`;
    scrub.setAttribute("aria-valuetext", `frame ${data.first + index}`);
  }

  // Seeks are queued one deep: while a movie is still seeking, only the newest wish is kept.
  function seeker(video) {
    let wish = null;
    video.addEventListener("seeked", () => { const next = wish; wish = null; if (next !== null) go(next); });
    function go(time) { if (video.seeking) wish = time; else if (Math.abs(video.currentTime - time) > 1e-4) video.currentTime = time; }
    return go;
  }
  const seekAfter = seeker(after), seekBefore = seeker(before);

  function show(index) {
    index = Math.min(last, Math.max(0, index));
    seekAfter(timeOf(index));
    seekBefore(timeOf(index));
    tell(index);
  }

  function pause() {
    playing = false;
    after.pause();
    before.pause();
    at("play").classList.remove("playing");
    show(frame);
  }

  function play() {
    if (frame >= last) show(0);
    playing = true;
    at("play").classList.add("playing");
    before.playbackRate = after.playbackRate = Number(at("speed").value);
    before.currentTime = after.currentTime = timeOf(frame);
    Promise.all([after.play(), before.play()]).then(follow).catch(pause);
  }

  // Called for every picture that the shot shows: the plate is nudged back when it is half a frame off.
  function follow(_, picture) {
    if (!playing) return;
    const time = picture ? picture.mediaTime + 0.5 / rate : after.currentTime;
    tell(frameAt(time));
    const drift = before.currentTime - after.currentTime;
    if (Math.abs(drift) > 1.5 / rate && !before.seeking) before.currentTime = after.currentTime;
    else before.playbackRate = after.playbackRate * (Math.abs(drift) > 0.25 / rate ? 1 - Math.sign(drift) * 0.05 : 1);
    next();
  }
  function next() {
    if (after.requestVideoFrameCallback) after.requestVideoFrameCallback(follow);
    else requestAnimationFrame(() => follow());
  }
  after.addEventListener("ended", () => {
    if (!playing) return;
    if (at("loop").checked) { tell(0); play(); } else { tell(last); pause(); }
  });

  function setWipe(share) {
    wipe = Math.min(100, Math.max(0, share));
    stage.style.setProperty("--wipe", `${wipe}%`);
    divider.setAttribute("aria-valuenow", Math.round(wipe));
    divider.setAttribute("aria-valuetext", `plate on the left ${Math.round(wipe)} percent`);
  }
  const dragTo = (event) => {
    const box = stage.getBoundingClientRect();
    setWipe(100 * (event.clientX - box.left) / box.width);
  };
  stage.addEventListener("pointerdown", (event) => {
    if (stage.dataset.view !== "wipe") return;
    event.preventDefault();
    divider.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    dragTo(event);
  });
  stage.addEventListener("pointermove", (event) => { if (stage.hasPointerCapture(event.pointerId)) dragTo(event); });
  divider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2, PageDown: -10, PageUp: 10 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setWipe(wipe + step);
  });

  const views = [...document.querySelectorAll("[data-view]")].filter((one) => one.tagName === "BUTTON");
  function view(name) {
    stage.dataset.view = name;
    for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  for (const button of views) button.addEventListener("click", () => view(button.dataset.view));

  const actions = {
    play: () => (playing ? pause() : play()),
    first: () => { pause(); show(0); },
    last: () => { pause(); show(last); },
    back: () => { if (playing) pause(); show(frame - 1); },
    step: () => { if (playing) pause(); show(frame + 1); },
  };
  for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);
  at("speed").addEventListener("change", () => { before.playbackRate = after.playbackRate = Number(at("speed").value); });
  scrub.max = last;
  scrub.addEventListener("input", () => { if (playing) pause(); show(Number(scrub.value)); });

  const keys = { " ": "play", k: "play", ArrowLeft: "back", ArrowRight: "step", Home: "first", End: "last" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || ["SELECT", "SUMMARY"].includes(event.target.tagName)) return;
    if (event.key === " " && ["BUTTON", "A"].includes(event.target.tagName)) return;
    if (event.target === scrub && event.key !== " ") return;
    const digit = views[Number(event.key) - 1];
    if (keys[event.key]) actions[keys[event.key]]();
    else if (digit) view(digit.dataset.view);
    else return;
    event.preventDefault();
  });

  // Marks: those that would lie on top of each other share a label.
  const groups = new Map();
  for (const mark of data.marks) groups.set(mark.frame, [...(groups.get(mark.frame) || []), mark.name]);
  for (const [number, names] of groups) {
    const share = last ? (number - data.first) / last : 0;
    const button = document.createElement("button");
    button.textContent = names.join(", ");
    button.style.left = `${100 * share}%`;
    if (share < 0.04) button.className = "start";
    if (share > 0.96) button.className = "end";
    button.title = `frame ${number}`;
    button.addEventListener("click", () => { if (playing) pause(); show(number - data.first); });
    at("marks").append(button);
  }
  // Labels that would run into each other go to a row below.
  function layMarks() {
    const ends = [];
    for (const button of at("marks").children) {
      const { left, right } = button.getBoundingClientRect();
      let row = ends.findIndex((end) => end + 4 < left);
      if (row < 0) row = ends.length;
      ends[row] = right;
      button.style.top = `${14 * row}px`;
      button.style.setProperty("--tick", `${6 + 14 * row}px`);
    }
    at("line").style.paddingBottom = `${14 + 14 * ends.length}px`;
  }
  layMarks();
  addEventListener("resize", layMarks);

  for (const button of document.querySelectorAll("[data-frame]"))
    button.addEventListener("click", () => {
      if (playing) pause();
      show(Number(button.dataset.frame) - data.first);
      at("player").scrollIntoView({ block: "start" });
    });

  // As wide as the page, but never taller than most of the window.
  stage.style.aspectRatio = `${data.width} / ${data.height}`;
  stage.style.maxWidth = `calc(74vh * ${data.width / data.height})`;
  for (const video of [after, before]) video.addEventListener("error", () => { at("trouble").hidden = false; });
  setWipe(50);
  view("wipe");
  const opening = data.marks.find((mark) => mark.name === "mid-fall") || data.marks[0];
  show(opening ? opening.frame - data.first : 0);
})();
