#include "app/notebook/scratchpane.h"

#include "app/celllist/celllistview.h"
#include "app/notebook/cellactions.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/queuedstate.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"
#include "core/client/notebooksession.h"
#include "core/notebook/collapse.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include <array>
#include <utility>

namespace farcell {

ScratchPane::ScratchPane(KernelLink &kernel, ThemeSource &theme, RenderService &render,
                         QWidget *parent)
    : QFrame(parent)
    , m_kernel(kernel)
    , m_document(std::make_unique<NotebookDocument>())
    , m_folds(std::make_unique<SectionFolds>(*m_document))
    , m_session(std::make_unique<NotebookSession>(*m_document))
    , m_list(new CellListView(*m_document, *m_folds, theme, render, this))
    , m_actions(std::make_unique<CellActions>(*m_document, *m_folds, *m_list))
{
    build(theme);
    wire();
    follow();
}

ScratchPane::~ScratchPane()
{
    m_session->disconnect();
    m_session->setConnection(nullptr);
    m_actions.reset();
    delete m_list;
}

void ScratchPane::build(ThemeSource &theme)
{
    setObjectName(QStringLiteral("scratch"));
    auto *title = new QLabel(tr("Scratch cell"), this);
    title->setObjectName(QStringLiteral("panelTitle"));
    auto *top = new QHBoxLayout;
    top->setContentsMargins(16, 4, 8, 0);
    top->setSpacing(0);
    top->addWidget(title, 1);
    const auto tool = [this, &theme, top](const QString &icon, const QString &text, auto run) {
        auto *button = new QToolButton(this);
        button->setIcon(theme.icon(icon));
        button->setToolTip(text);
        button->setAccessibleName(text);
        connect(button, &QToolButton::clicked, this, run);
        top->addWidget(button);
    };
    tool(QStringLiteral("plus-code"), tr("Insert into the notebook"), [this] {
        if (const Cell *cell = m_document->findCell(m_list->currentCell()))
            emit insertRequested(cell->source);
    });
    tool(QStringLiteral("close"), tr("Close"), [this] { closePane(); });
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(m_list, 1);
    setMinimumWidth(320);
}

void ScratchPane::wire()
{
    using List = CellListView;
    connect(m_list, &List::runRequested, this, [this](const CellId &id) {
        m_list->setCurrentCell(id);
        run(false);
    });
    connect(m_list, &List::interruptRequested, &m_kernel, &KernelLink::interrupt);
    connect(m_list, &List::insertRequested, m_actions.get(), &CellActions::insertAt);
    connect(m_list, &List::moveRequested, m_actions.get(), &CellActions::moveTo);
    connect(m_list, &List::toolRequested, this, [this](const CellId &id, const QString &command) {
        m_list->setCurrentCell(id);
        m_list->setFocus();
        emit commandRequested(command);
    });
    connect(m_list, &List::cellMenuRequested, this, &ScratchPane::cellMenuRequested);
    connect(
        m_list, &List::completionRequested, this,
        [this](int request, const CellId &id, int position) { ask(request, id, position, true); });
    connect(
        m_list, &List::toolTipRequested, this,
        [this](int request, const CellId &id, int position) { ask(request, id, position, false); });
    connect(m_list, &List::inputSubmitted, this, [this](const CellId &id, const QString &value) {
        m_list->hideInput(id);
        m_session->answerInput(value);
    });
    connect(m_list, &List::linkActivated, this, &ScratchPane::linkActivated);
    connect(m_list, &List::openOutputRequested, this, [this](const CellId &id, int output) {
        const Cell *cell = m_document->findCell(id);
        if (cell && output >= 0 && output < cell->outputs.size())
            emit openTextRequested(tr("Output of a scratch cell"),
                                   cell->outputs.items().at(size_t(output)).text);
    });
    connect(m_list, &List::clearOutputsRequested, this, [this](const CellId &id) {
        const std::array ids{id};
        m_document->clearOutputs(ids);
    });
    connect(m_list, &List::outputsCollapsedChanged, this, [this](const CellId &id, bool collapsed) {
        setOutputsCollapsed(*m_document, id, collapsed);
    });
    connect(m_list, &List::sourceCollapsedChanged, this, [this](const CellId &id, bool collapsed) {
        setSourceCollapsed(*m_document, id, collapsed);
    });
    connect(m_session.get(), &NotebookSession::runStateChanged, this, &ScratchPane::showRun);
    connect(&m_kernel, &KernelLink::queueChanged, this, [this] {
        for (int i = 0; i < m_document->cellCount(); ++i)
            showRun(m_document->cellAt(i).id);
    });
    connect(m_session.get(), &NotebookSession::inputRequested, m_list, &List::showInput);
    connect(m_session.get(), &NotebookSession::inputEnded, m_list, &List::hideInput);
    connect(&m_kernel, &KernelLink::stateChanged, this, &ScratchPane::follow);
}

void ScratchPane::follow()
{
    m_session->setConnection(m_kernel.connection());
    if (const QString language = m_kernel.language(); !language.isEmpty())
        m_list->setKernelLanguage(language);
    if (m_kernel.state() == KernelLink::State::Connected && !m_waiting.empty())
        m_session->run(std::exchange(m_waiting, {}));
}

void ScratchPane::open()
{
    show();
    m_list->setFocus();
    m_list->enterEditMode();
}

void ScratchPane::put(const QString &source)
{
    const Cell &last = m_document->cellAt(m_document->cellCount() - 1);
    CellId id = last.id;
    if (last.source.isEmpty() && last.kind == CellKind::Code)
        m_document->setSource(id, source);
    else
        id = m_document->insertCell(m_document->cellCount(), CellKind::Code, source);
    m_list->setCurrentCell(id);
    open();
}

void ScratchPane::run(bool goesOn)
{
    const std::vector<CellId> cells = m_actions->codeCells(CellActions::Range::Selected);
    if (m_kernel.state() == KernelLink::State::Connected) {
        m_session->run(cells);
    } else {
        m_waiting = cells;
        m_kernel.connectDefault();
    }
    if (goesOn)
        m_actions->goToNextAfterRun();
}

void ScratchPane::runSelection()
{
    const QString marked =
        m_list->mode() == CellListView::Mode::Edit ? m_list->selectedSource() : QString();
    if (!marked.trimmed().isEmpty() && m_kernel.state() == KernelLink::State::Connected)
        m_session->runText(m_list->currentCell(), marked);
    else
        run(false);
}

void ScratchPane::ask(int request, const CellId &id, int position, bool completes)
{
    const Cell *cell = m_document->findCell(id);
    KernelConnection *connection = m_kernel.connection();
    if (!cell || !connection || m_kernel.state() != KernelLink::State::Connected)
        return;
    if (completes) {
        onFinished(connection->complete(cell->source, position), this,
                   [this, request](const Result<CompletionReply> &reply) {
                       if (!reply)
                           return;
                       QList<CellListView::Completion> matches;
                       for (const CompletionReply::Match &match : reply->matches)
                           matches.append({match.text, match.type, match.signature});
                       m_list->showCompletions(request, matches, reply->start, reply->end);
                   });
        return;
    }
    onFinished(connection->inspect(cell->source, position, 0), this,
               [this, request](const Result<InspectReply> &reply) {
                   if (reply && reply->found)
                       m_list->showToolTip(request, reply->plainText);
               });
}

void ScratchPane::showRun(const CellId &id)
{
    m_list->setRunState(
        id, withQueue(m_session->runState(id), m_document->findCell(id), m_kernel.queue()));
}

void ScratchPane::closePane()
{
    hide();
    emit closed();
}

} // namespace farcell
