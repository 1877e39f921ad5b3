import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";

interface Props {
  option: EChartsCoreOption;
  height?: number;
  /** What the chart shows, and where the same figures stand as text. */
  label: string;
  onPick?: (seriesId: string, at: number) => void;
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
    const pick = (event: { seriesId?: string; dataIndex?: number }) => {
      if (event.seriesId !== undefined) onPick(event.seriesId, event.dataIndex ?? -1);
    };
    chart.on("click", pick as never);
    return () => {
      if (!chart.isDisposed()) chart.off("click", pick as never);
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
