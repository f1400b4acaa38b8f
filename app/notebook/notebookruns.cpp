// The part of NotebookView that has to do with its kernel: running, what it tells, what it is
// asked.

#include "app/notebook/deathcard.h"
#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/scratchpane.h"
#include "core/base/onfinished.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QMessageBox>
#include <QPushButton>

#include <nlohmann/json.hpp>

#include <utility>

namespace farcell {

void NotebookView::run(CellActions::Range range)
{
    const std::vector<CellId> cells = m_actions->codeCells(range);
    if (range == CellActions::Range::Current || range == CellActions::Range::Selected)
        m_list->leaveEditMode();
    if (!cells.empty())
        m_kernel->run(cells);
}

void NotebookView::runCurrent(Then then)
{
    if (isScratchFocused()) {
        m_scratch->run(then != Then::Stay);
        return;
    }
    run(CellActions::Range::Selected);
    if (then == Then::Next)
        m_actions->goToNextAfterRun();
    else if (then == Then::Insert)
        m_actions->insert(CellKind::Code, CellActions::Where::Below);
}

// The marked text of the editor with the caret, else the selected cells.
void NotebookView::runSelection()
{
    if (isScratchFocused()) {
        m_scratch->runSelection();
        return;
    }
    const Cell *cell = m_document->findCell(m_list->currentCell());
    const QString marked =
        m_list->mode() == CellListView::Mode::Edit ? m_list->selectedSource() : QString();
    if (cell && cell->kind == CellKind::Code && !marked.trimmed().isEmpty())
        m_kernel->runText(cell->id, marked);
    else
        run(CellActions::Range::Selected);
}

void NotebookView::runHidden(const CellId &heading)
{
    m_kernel->run(m_actions->hiddenCodeCells(heading));
}

void NotebookView::showWaiting(const std::vector<CellId> &cells)
{
    for (const CellId &id : std::exchange(m_waiting, cells))
        m_list->setRunState(id, m_session->runState(id));
    int position = 0;
    for (const CellId &id : m_waiting) {
        CellRunState state = m_session->runState(id);
        state.phase = CellRunState::Phase::Queued;
        state.queuePosition = ++position;
        m_list->setRunState(id, state);
    }
    emit statusChanged();
}

// A notebook of the server itself is the same one; a local file of the same name need not be.
void NotebookView::offerRun(const RemoteSession &session)
{
    if (!m_file->place().isLocal()) {
        m_kernel->join(session);
        return;
    }
    m_info->showMessage(
        QStringLiteral("runFound"), InfoBar::Kind::Info,
        tr("A kernel of “%1” is running on %2.").arg(session.path, m_kernel->runtime()->name()),
        {{tr("Attach to it"), [this, session] { m_kernel->join(session); }}});
}

void NotebookView::showDeath(const KernelDeath &death)
{
    // The session may have let go of the cell already, and taken up the next one.
    const QDateTime now = QDateTime::currentDateTimeUtc();
    CellId cell = m_lastRunning;
    QDateTime earliest;
    for (int i = 0; i < m_document->cellCount(); ++i) {
        using Phase = CellRunState::Phase;
        const CellRunState state = m_session->runState(m_document->cellAt(i).id);
        const bool runs = state.phase == Phase::Running;
        const bool hasJustEnded =
            (state.phase == Phase::Failed || state.phase == Phase::Interrupted ||
             state.phase == Phase::Aborted) &&
            state.startedAt.addMSecs(state.elapsed.count()).secsTo(now) <= 5;
        if (!state.startedAt.isValid() || !(runs || hasJustEnded))
            continue;
        if (!earliest.isValid() || state.startedAt < earliest) {
            earliest = state.startedAt;
            cell = m_document->cellAt(i).id;
        }
    }
    m_deathCard->showDeath(death, cell, m_document->indexOf(cell) + 1);
}

void NotebookView::restartKernel(bool runAll)
{
    if (!m_kernel->connection()) {
        m_kernel->restart(runAll);
        return;
    }
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("Restart session"),
                                tr("Restart the kernel? All variables are lost."),
                                QMessageBox::Cancel, this);
    QPushButton *restart =
        box->addButton(runAll ? tr("Restart and run all") : tr("Restart"), QMessageBox::AcceptRole);
    box->setDefaultButton(restart);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this,
            [this, restart, runAll](const QAbstractButton *clicked) {
                if (clicked == restart)
                    m_kernel->restart(runAll);
            });
    box->open();
}

void NotebookView::useRuntime(Runtime *runtime, const QString &kernelSpec, const KernelId &kernel,
                              const QString &kernelName)
{
    m_kernel->setRuntime(runtime);
    updateKernelPath();
    m_kernelChosen = !kernelSpec.isEmpty();
    if (!kernel.isEmpty()) {
        m_kernel->attach(kernel, kernelName);
    } else if (!kernelSpec.isEmpty()) {
        m_kernel->connectKernelSpec(kernelSpec);
    } else {
        m_kernel->disconnectKernel();
        m_kernel->connectDefault();
    }
}

// Writes which kernel the notebook runs on: when the person chose another one, and into a new
// notebook, so that other programs know it too. Otherwise the file's metadata stays untouched.
void NotebookView::rememberKernel()
{
    const bool isNew = m_file->place().path.isEmpty() && m_document->kernelName().isEmpty();
    const RemoteKernelSpec spec = m_kernel->kernelSpec();
    if ((!m_kernelChosen && !isNew) || spec.name.isEmpty() || spec.name == m_document->kernelName())
        return;
    m_kernelChosen = false;
    nlohmann::ordered_json metadata = m_document->metadata().toJson();
    if (!metadata.is_object())
        metadata = nlohmann::ordered_json::object();
    metadata["kernelspec"] = {{"display_name", spec.displayName.toStdString()},
                              {"language", spec.language.toStdString()},
                              {"name", spec.name.toStdString()}};
    m_document->setMetadata(metadata);
}

void NotebookView::complete(int request, const CellId &id, int position)
{
    const Cell *cell = m_document->findCell(id);
    if (!cell || m_kernel->state() != KernelLink::State::Connected)
        return;
    onFinished(m_kernel->connection()->complete(cell->source, position), this,
               [this, request](const Result<CompletionReply> &reply) {
                   if (!reply)
                       return;
                   QList<CellListView::Completion> matches;
                   for (const CompletionReply::Match &match : reply->matches)
                       matches.append({match.text, match.type, match.signature});
                   m_list->showCompletions(request, matches, reply->start, reply->end);
               });
}

void NotebookView::inspect(int request, const CellId &id, int position)
{
    const Cell *cell = m_document->findCell(id);
    if (!cell || m_kernel->state() != KernelLink::State::Connected)
        return;
    onFinished(m_kernel->connection()->inspect(cell->source, position, 0), this,
               [this, request](const Result<InspectReply> &reply) {
                   if (reply && reply->found)
                       m_list->showToolTip(request, reply->plainText);
               });
}

void NotebookView::insertNextInput(const CellId &after, const QString &text, bool replace)
{
    if (replace) {
        m_document->setSource(after, text);
        return;
    }
    m_list->setCurrentCell(
        m_document->insertCell(m_document->indexOf(after) + 1, CellKind::Code, text));
}

} // namespace farcell
