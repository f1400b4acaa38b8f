#include "app/notebook/notebookview.h"

#include "app/notebook/deathcard.h"
#include "app/notebook/findbar.h"
#include "app/notebook/infobar.h"
#include "app/notebook/interruptladder.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/linknotice.h"
#include "app/notebook/pager.h"
#include "app/notebook/queuedstate.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/scratchpane.h"
#include "app/notebook/settings.h"
#include "app/recovery/recoveryjournal.h"
#include "app/theme/theme.h"
#include "core/client/notebooksession.h"
#include "core/notebook/collapse.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QDir>
#include <QHash>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <array>
#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

namespace {

// In the order they run: as the runtime says, or else as they were sent.
std::vector<CellId> waitingCells(const NotebookDocument &document, const NotebookSession &session,
                                 const KernelLink &kernel)
{
    if (!kernel.hasQueue())
        return session.queuedCells();
    QHash<QString, CellId> byName;
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        byName.insert(cell.fileId.value_or(cell.id.toString()), cell.id);
    }
    std::vector<CellId> waiting;
    for (const QueueItem &item : kernel.queue().items) {
        if (!item.isRunning) // a cell of nobody here keeps its place
            waiting.push_back(byName.value(item.cellId));
    }
    return waiting;
}

} // namespace

NotebookView::NotebookView(Workspace workspace, QWidget *parent)
    : Page(parent)
    , m_workspace(workspace)
    , m_document(std::make_unique<NotebookDocument>())
    , m_folds(std::make_unique<SectionFolds>(*m_document))
    , m_session(std::make_unique<NotebookSession>(*m_document))
    , m_file(std::make_unique<DocumentFile>(*m_document))
    , m_kernel(
          std::make_unique<KernelLink>(*m_document, *m_session, workspace.runtimes.preferred()))
    , m_journal(std::make_unique<RecoveryJournal>(*m_document, RecoveryStore()))
    , m_stack(new QStackedWidget(this))
    , m_blank(new QWidget(this))
    , m_info(new InfoBar(workspace.theme, this))
    , m_deathCard(new DeathCard(workspace.theme, this))
    , m_ladder(new InterruptLadder(*m_kernel, *m_info, this))
    , m_list(new CellListView(*m_document, *m_folds, workspace.theme, workspace.render, this))
    , m_pager(new Pager(workspace.theme, this))
{
    m_actions = std::make_unique<CellActions>(*m_document, *m_folds, *m_list);
    m_find = new FindBar(*m_document, *m_folds, *m_list, workspace.theme, this);
    m_autosave.setSingleShot(true);
    m_autosave.setInterval(5s);
    build();
    wireList();
    wireKernel();
    wireFile();
    wireSession();
    wireRuntimeType();
    connect(&workspace.settings, &Settings::changed, this, &NotebookView::applySettings);
    applySettings();
}

NotebookView::~NotebookView()
{
    // What ends now tells it; nobody here is to listen any more.
    m_session->disconnect();
    m_kernel->disconnect();
    // Views and the kernel's way first: all of them refer to the document.
    delete m_find;
    delete m_ladder;
    delete findChild<LinkNotice *>();
    delete m_scratch;
    m_actions.reset();
    delete m_list;
    m_kernel.reset();
    m_session.reset();
    m_journal.reset();
}

void NotebookView::build()
{
    setObjectName(QStringLiteral("page"));
    auto *splitter = new QSplitter(Qt::Vertical, this);
    splitter->addWidget(m_list);
    splitter->addWidget(m_pager);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto *main = new QWidget(this);
    auto *mainLayout = new QVBoxLayout(main);
    mainLayout->setContentsMargins(0, 0, 0, 0);
    mainLayout->setSpacing(0);
    mainLayout->addWidget(m_info);
    mainLayout->addWidget(m_deathCard);
    mainLayout->addWidget(m_find);
    m_columns = new QSplitter(Qt::Horizontal, this);
    m_columns->setChildrenCollapsible(false);
    m_columns->setHandleWidth(1);
    m_columns->addWidget(splitter);
    mainLayout->addWidget(m_columns, 1);

    m_stack->addWidget(m_blank);
    m_stack->addWidget(main);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
}

void NotebookView::wireList()
{
    using List = CellListView;
    connect(m_list, &List::currentCellChanged, this, &NotebookView::statusChanged);
    connect(m_list, &List::selectedCellsChanged, this, &NotebookView::statusChanged);
    connect(m_list, &List::modeChanged, this, &NotebookView::statusChanged);
    connect(m_list, &List::runRequested, this, [this](const CellId &id) {
        m_list->setCurrentCell(id);
        run(CellActions::Range::Current);
    });
    connect(m_list, &List::interruptRequested, m_kernel.get(), &KernelLink::interrupt);
    connect(m_list, &List::insertRequested, m_actions.get(), &CellActions::insertAt);
    connect(m_list, &List::moveRequested, m_actions.get(), &CellActions::moveTo);
    connect(m_list, &List::runHiddenRequested, this, &NotebookView::runHidden);
    connect(m_list, &List::foldToggleRequested, this, [this](const CellId &heading) {
        m_folds->setCollapsed(heading, !m_folds->isCollapsed(heading));
    });
    connect(m_list, &List::toolRequested, this, [this](const CellId &id, const QString &command) {
        m_list->setCurrentCell(id);
        emit commandRequested(command);
    });
    connect(m_list, &List::cellMenuRequested, this, &NotebookView::cellMenuRequested);
    connect(m_list, &List::completionRequested, this, &NotebookView::complete);
    connect(m_list, &List::toolTipRequested, this, &NotebookView::inspect);
    connect(m_list, &List::inputSubmitted, this, [this](const CellId &id, const QString &value) {
        m_list->hideInput(id);
        m_session->answerInput(value);
    });
    connect(m_list, &List::linkActivated, this, &NotebookView::followLink);
    connect(m_list, &List::openOutputRequested, this,
            [this](const CellId &id, int output) { openOutput(id, output); });
    connect(m_find, &FindBar::openOutputRequested, this, &NotebookView::openOutput);
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
    connect(m_folds.get(), &SectionFolds::changed, m_list, &List::foldsChanged);
    connect(m_pager, &Pager::closed, m_list, [this] { m_list->setFocus(); });
}

void NotebookView::wireKernel()
{
    KernelLink *kernel = m_kernel.get();
    new LinkNotice(*kernel, *m_info, this);
    connect(kernel, &KernelLink::died, this, &NotebookView::showDeath);
    connect(m_deathCard, &DeathCard::restartRequested, this, [this] {
        m_deathCard->hide();
        if (m_kernel->connection())
            m_kernel->restart();
        else
            m_kernel->connectDefault();
    });
    connect(m_deathCard, &DeathCard::cellRequested, this, [this](const CellId &id) {
        m_list->setCurrentCell(id);
        m_list->reveal(id);
    });
    connect(kernel, &KernelLink::linkChanged, this, &NotebookView::statusChanged);
    connect(kernel, &KernelLink::runLost, this, [this] {
        m_info->showMessage(QStringLiteral("runLost"), InfoBar::Kind::Warning,
                            tr("The kernel that this notebook was running on has ended meanwhile. "
                               "What it put out after the last save is not here."));
    });
    connect(kernel, &KernelLink::runFound, this, &NotebookView::offerRun);
    connect(kernel, &KernelLink::outputsMissing, this, [this](const QString &why) {
        m_info->showMessage(QStringLiteral("missing"), InfoBar::Kind::Warning, why);
    });
    connect(kernel, &KernelLink::stateChanged, this, [this] {
        if (const QString language = m_kernel->language(); !language.isEmpty())
            m_list->setKernelLanguage(language);
        emit statusChanged();
    });
    connect(kernel, &KernelLink::connected, this, [this] {
        m_info->hideMessage(QStringLiteral("kernel"));
        rememberKernel();
    });
    connect(kernel, &KernelLink::waitingChanged, this, &NotebookView::showWaiting);
    connect(kernel, &KernelLink::runAllWanted, this, [this] { run(CellActions::Range::All); });
    connect(kernel, &KernelLink::kernelReplaced, this,
            [this](const QString &wanted, const QString &used) {
                m_info->showMessage(QStringLiteral("kernelspec"), InfoBar::Kind::Info,
                                    tr("This notebook asks for the kernel “%1”, which is not on "
                                       "this runtime. It runs on “%2”.")
                                        .arg(wanted, used));
            });
    connect(kernel, &KernelLink::failed, this, [this](const Error &error) {
        m_info->showMessage(QStringLiteral("kernel"), InfoBar::Kind::Error,
                            error.message + QLatin1Char('.'),
                            {{tr("Try again"), [this] { m_kernel->connectDefault(); }},
                             {tr("Connect…"), [this] {
                                  emit commandRequested(QStringLiteral("runtime.connect"));
                              }}});
    });
}

void NotebookView::wireSession()
{
    NotebookSession *session = m_session.get();
    session->setRecordTimes(true);
    connect(session, &NotebookSession::runStateChanged, this, [this](const CellId &id) {
        const CellRunState state = m_session->runState(id);
        if (state.phase == CellRunState::Phase::Running)
            m_lastRunning = id;
        else if (state.phase == CellRunState::Phase::Succeeded && id == m_lastRunning)
            m_lastRunning = {};
        m_list->setRunState(id, withQueue(state, m_document->findCell(id), m_kernel->queue()));
        emit statusChanged();
    });
    connect(m_kernel.get(), &KernelLink::queueChanged, this, [this] {
        if (const CellId id = m_session->runningCell(); !id.isEmpty())
            m_list->setRunState(id, withQueue(m_session->runState(id), m_document->findCell(id),
                                              m_kernel->queue()));
        if (!m_placesDue.isActive())
            m_placesDue.start();
    });
    // Each cell that ends moves all others up; thousands may wait.
    m_placesDue.setSingleShot(true);
    m_placesDue.setInterval(100ms);
    connect(session, &NotebookSession::queueChanged, this, [this] {
        if (!m_placesDue.isActive())
            m_placesDue.start();
    });
    connect(&m_placesDue, &QTimer::timeout, this,
            [this] { m_list->setQueuePlaces(waitingCells(*m_document, *m_session, *m_kernel)); });
    connect(session, &NotebookSession::inputRequested, m_list, &CellListView::showInput);
    connect(session, &NotebookSession::inputEnded, m_list, &CellListView::hideInput);
    connect(session, &NotebookSession::pagerRequested, m_pager, &Pager::showText);
    connect(session, &NotebookSession::nextInputRequested, this, &NotebookView::insertNextInput);
}

void NotebookView::wireFile()
{
    DocumentFile *file = m_file.get();
    connect(file, &DocumentFile::contentLoaded, this, [this] {
        m_journal->setBase(localPath(), localHash());
        documentLoaded();
    });
    connect(file, &DocumentFile::saving, m_journal.get(), &RecoveryJournal::saveStarted);
    connect(file, &DocumentFile::loadFailed, this, &NotebookView::showError);
    connect(file, &DocumentFile::saveFailed, this, &NotebookView::saveFailed);
    connect(file, &DocumentFile::changedOnDisk, this, [this] {
        m_journal->baseChanged();
        askAboutDisk();
    });
    connect(m_journal.get(), &RecoveryJournal::failed, this, [this](const QString &message) {
        m_info->showMessage(QStringLiteral("recovery"), InfoBar::Kind::Warning,
                            message + QLatin1Char('.'));
    });
    connect(m_journal.get(), &RecoveryJournal::written, this,
            [this] { m_info->hideMessage(QStringLiteral("recovery")); });
    connect(file, &DocumentFile::saved, this, [this] {
        m_conflict = false;
        m_info->hideMessage(QStringLiteral("save"));
        m_session->notebookSaved();
        updateJournal();
        m_journal->saveFinished(localPath(), localHash());
        emit savedAway();
        emit statusChanged();
    });
    connect(file, &DocumentFile::placeChanged, this, [this] {
        updateKernelPath();
        updateJournal();
        m_list->setBaseDirectory(m_file->place().directory());
        emit titleChanged();
    });
    connect(m_document.get(), &NotebookDocument::modifiedChanged, this, [this] {
        emit modifiedChanged();
        emit statusChanged();
    });
    const auto edited = [this] {
        if (m_workspace.settings.autosave() && !m_file->place().path.isEmpty())
            m_autosave.start();
    };
    connect(m_document.get(), &NotebookDocument::undoChanged, this, edited);
    connect(m_document.get(), &NotebookDocument::modifiedChanged, this, edited);
    connect(m_session.get(), &NotebookSession::queueFinished, this, edited);
    connect(&m_autosave, &QTimer::timeout, this, [this] {
        const bool quietly = m_usable && !m_conflict && isModified() && !m_file->isSaving() &&
                             !m_document->isConvertedFromV3();
        if (quietly)
            m_file->save();
    });
}

void NotebookView::applySettings()
{
    m_list->setLineNumbersVisible(m_workspace.settings.lineNumbers());
}

bool NotebookView::isUsable() const
{
    return m_usable;
}

void NotebookView::takeFocus()
{
    if (m_usable)
        m_list->setFocus();
    else
        m_stack->currentWidget()->setFocus();
}

QString NotebookView::title() const
{
    return m_file->place().path.isEmpty() ? m_name : m_file->place().fileName();
}

QString NotebookView::place() const
{
    return m_file->place().text();
}

bool NotebookView::isModified() const
{
    return m_usable && m_document->isModified();
}

void NotebookView::updateKernelPath()
{
    const DocumentFile::Place &place = m_file->place();
    Runtime *runtime = m_kernel->runtime();
    QString path;
    if (!place.isLocal() && place.runtime == runtime)
        path = place.path;
    else if (place.isLocal() && runtime && !place.path.isEmpty())
        path = runtime->pathOfLocalFile(place.path);
    if (path.isEmpty()) // a file the runtime does not have: a name that nothing else has
        path = runtime && runtime->isLocal()
                   ? runtime->pathOfLocalFile(QDir::homePath() + QLatin1Char('/') + title())
                   : title();
    m_kernel->setPath(path, title());
    QString name = place.path; // under which its run is remembered
    if (!place.isLocal())
        name = place.runtime->address().toString() + QLatin1Char('#') + place.path;
    m_kernel->setStore(&m_workspace.runtimes.attachments(), name);
}

void NotebookView::showFind(bool focusReplace)
{
    m_find->open(focusReplace);
}

void NotebookView::openOutput(const CellId &id, int output, const QString &wanted)
{
    const Cell *cell = m_document->findCell(id);
    if (!cell || output < 0 || output >= cell->outputs.size())
        return;
    const Output &item = cell->outputs.items().at(size_t(output));
    QString text = item.text;
    if (item.kind == OutputKind::Error)
        text = item.traceback.join(QLatin1Char('\n'));
    else if (const JsonText *plain = item.data.find(u"text/plain"))
        text = plain->toMultilineString().value_or(QString());
    const int number = m_document->indexOf(id) + 1;
    emit openTextRequested(tr("Output of cell %1").arg(number), text, wanted);
}

void NotebookView::followLink(const QUrl &url)
{
    if (url.scheme() != QStringLiteral("farcell-cell")) {
        emit openLinkRequested(url);
        return;
    }
    const CellId id(url.path());
    if (m_document->findCell(id)) {
        m_list->setCurrentCell(id);
        m_list->reveal(id);
    }
}

} // namespace farcell
