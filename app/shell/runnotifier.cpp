#include "app/shell/runnotifier.h"

#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/settings.h"
#include "app/panels/durations.h"
#include "app/shell/desktopnotifier.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QPointer>

namespace farcell {

RunNotifier::RunNotifier(Settings &settings, DesktopNotifier &notifier, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_notifier(notifier)
{}

void RunNotifier::watch(NotebookView *notebook)
{
    connect(&notebook->session(), &NotebookSession::runStateChanged, this, [this, notebook] {
        if (notebook->session().isBusy() && !m_running.contains(notebook))
            m_running[notebook].start();
    });
    connect(&notebook->session(), &NotebookSession::queueFinished, this,
            [this, notebook](bool ok) { ended(notebook, ok); });
    connect(&notebook->kernel(), &KernelLink::died, this, [this, notebook] {
        const auto it = m_running.constFind(notebook);
        const bool isLong = it != m_running.constEnd() && m_settings.notifyAfter() > 0 &&
                            it->hasExpired(qint64{1000} * m_settings.notifyAfter());
        m_running.remove(notebook);
        if (isLong)
            tell(notebook, false, tr("The kernel died."));
    });
    connect(notebook, &QObject::destroyed, this, [this, notebook] { m_running.remove(notebook); });
}

void RunNotifier::ended(NotebookView *notebook, bool ok)
{
    const auto it = m_running.constFind(notebook);
    if (it == m_running.constEnd())
        return;
    const qint64 elapsed = it->elapsed();
    m_running.erase(it);
    const int after = m_settings.notifyAfter();
    if (after <= 0 || elapsed < qint64{1000} * after)
        return;
    QString what = tr("After %1.").arg(clockText(double(elapsed) / 1000.0));
    if (!ok) {
        const NotebookDocument &document = notebook->document();
        for (int i = 0; i < document.cellCount(); ++i) {
            const CellRunState state = notebook->session().runState(document.cellAt(i).id);
            if (state.phase == CellRunState::Phase::Failed ||
                state.phase == CellRunState::Phase::Interrupted)
                what = tr("Cell %1 stopped it after %2.")
                           .arg(i + 1)
                           .arg(clockText(double(elapsed) / 1000.0));
        }
    }
    tell(notebook, ok, what);
}

void RunNotifier::tell(NotebookView *notebook, bool ok, const QString &what)
{
    if (notebook->window()->isActiveWindow())
        return; // it is seen there
    const QString title = (ok ? tr("%1 has finished") : tr("%1 has failed")).arg(notebook->title());
    m_notifier.tell(title, what, !ok, [this, notebook = QPointer(notebook)] {
        if (notebook)
            emit showRequested(notebook);
    });
}

} // namespace farcell
