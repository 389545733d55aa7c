import { l10n } from 'vscode';
import type { Run } from '../daemon/protocol';

/** A run's state as people read it. */
export function stateName(run: Run): string {
  switch (run.state) {
    case 'queued':
      return run.queuePosition === undefined ? l10n.t('queued') : l10n.t('queued, place {0}', run.queuePosition);
    case 'starting':
      return l10n.t('starting: loads models and data');
    case 'running':
      return l10n.t('running');
    case 'pausing':
      return l10n.t('pausing after this step');
    case 'paused':
      return l10n.t('paused');
    case 'stopping':
      return l10n.t('stopping after this step');
    case 'aborting':
      return l10n.t('aborting');
    case 'stopped':
      return l10n.t('stopped and saved');
    case 'aborted':
      return l10n.t('aborted');
    case 'completed':
      return l10n.t('completed');
    case 'failed':
      return l10n.t('failed');
    case 'interrupted':
      return l10n.t('interrupted');
  }
}
