/** The parts of ECharts we draw with; loaded after the figures are on the page. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

// The canvas renderer, not SVG: the latter writes style attributes, which the page's policy forbids.
use([BarChart, LineChart, GridComponent, TooltipComponent, MarkAreaComponent, CanvasRenderer]);

export { init };
