import { l10n } from 'vscode';
import type { RunsStrings } from '../../webview/messages';

/** What people read in the panel. */
export function runsStrings(): RunsStrings {
  return {
    title: l10n.t('Runs'),
    filter: l10n.t('Filter runs'),
    columns: l10n.t('Columns'),
    onlyDifferences: l10n.t('Only what differs'),
    noRuns: l10n.t('There are no runs yet. Start one from a recipe.'),
    noMatch: l10n.t('No run matches the filter.'),
    noDaemon: l10n.t('The daemon is not running: {0}'),
    selectHint: l10n.t('Choose one run or several in the table to see their curves.'),
    smoothing: l10n.t('Smoothing'),
    smoothingUnit: l10n.t('steps'),
    logAxis: l10n.t('Logarithmic axis'),
    asTable: l10n.t('Values as tables'),
    exportSvg: l10n.t('Export SVG'),
    exportCsv: l10n.t('Export CSV'),
    exportTable: l10n.t('Export table as CSV'),
    openSamples: l10n.t('Open samples of this step'),
    step: l10n.t('Step'),
    show: l10n.t('Show curves'),
    baseline: l10n.t('baseline'),
    setBaseline: l10n.t('Pin as baseline'),
    difference: l10n.t('{0}: last value minus that of the baseline'),
    run: l10n.t('Run'),
    state: l10n.t('State'),
    method: l10n.t('Method'),
    created: l10n.t('Created'),
    note: l10n.t('Note'),
    pause: l10n.t('Pause'),
    resume: l10n.t('Resume'),
    stopAndSave: l10n.t('Stop and Save'),
    abort: l10n.t('Abort'),
    noCurves: l10n.t('No metrics have been written yet.'),
    chartLabel: l10n.t('{0}: {1} points from step {2} to {3}, last value {4}.'),
    runsShown: l10n.t('{0} of {1} runs'),
    clearSelection: l10n.t('Clear selection'),
    clickHint: l10n.t('Click a curve to open the samples of that step.'),
  };
}
