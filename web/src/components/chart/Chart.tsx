import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";

interface Props {
  option: EChartsCoreOption;
  height?: number;
  /** What the chart shows, and where the same figures stand as text. */
  label: string;
  /** A click inside the axes, in their units: a category is its index. */
  onPick?: (x: number, y: number) => void;
}

/** An ECharts canvas that follows its box. Everything in it is also in a table, so it is one image to a reader. */
export function Chart({ option, height = 300, label, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);

  useEffect(() => {
    let made: ECharts | null = null;
    let gone = false;
    let observer: ResizeObserver | null = null;
    void import("./echarts").then(({ init }) => {
      if (gone || !box.current) return;
      made = init(box.current, null, { renderer: "canvas" });
      observer = new ResizeObserver(() => made?.resize());
      observer.observe(box.current);
      setChart(made);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      made?.dispose();
    };
  }, []);

  useEffect(() => {
    chart?.setOption({ animation: false, ...option }, { notMerge: true });
  }, [chart, option]);

  useEffect(() => {
    if (!chart || !onPick) return;
    // Anywhere in a column counts, not only its painted parts: thin bars are hard to hit.
    const renderer = chart.getZr();
    const inside = (event: { offsetX: number; offsetY: number }) =>
      chart.containPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
    const click = (event: { offsetX: number; offsetY: number }) => {
      if (!inside(event)) return;
      const [x, y] = chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]) as [
        number,
        number,
      ];
      onPick(x, y);
    };
    const move = (event: { offsetX: number; offsetY: number }) => {
      renderer.setCursorStyle(inside(event) ? "pointer" : "default");
    };
    renderer.on("click", click);
    renderer.on("mousemove", move);
    return () => {
      if (chart.isDisposed()) return;
      renderer.off("click", click);
      renderer.off("mousemove", move);
    };
  }, [chart, onPick]);

  return (
    <div
      ref={box}
      className="chart"
      style={{ height }}
      role="img"
      aria-label={label}
      data-ready={chart !== null}
    />
  );
}
