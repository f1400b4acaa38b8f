// The part of MainWindow that opens dialogs.

#include "app/connect/connectdialog.h"
#include "app/connect/kernelchooser.h"
#include "app/connect/sshquestionbox.h"
#include "app/connect/tokenstore.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/runtime/runtimetypedialog.h"
#include "app/shell/mainwindow.h"
#include "app/shell/notebooktoolbar.h"
#include "app/shell/settingsdialog.h"
#include "app/shell/shortcutsdialog.h"
#include "app/theme/theme.h"
#include "core/nbformat/convert.h"
#include "core/notebook/notebookdocument.h"
#include "core/ssh/sshlink.h"

#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QFuture>
#include <QInputDialog>
#include <QLabel>
#include <QPushButton>
#include <QSaveFile>
#include <QVBoxLayout>

namespace farcell {

void MainWindow::openConnectDialog()
{
    NotebookView *notebook = usableNotebook();
    RuntimeHub &runtimes = m_workspace.runtimes;
    ConnectDialog::Setup setup;
    setup.thisComputer = [&runtimes](QObject *context, const ConnectDialog::Answer &answer) {
        runtimes.local()->whenReady(context, [answer](const Result<RuntimeClient *> &client) {
            if (client)
                answer((*client)->endpoint());
            else
                answer(tl::unexpected(client.error()));
        });
    };
    setup.sshLink = [&runtimes](const SshTarget &target) {
        return runtimes.ssh(target)->sshLink();
    };
    const Runtime *runtime = notebook ? notebook->kernel().runtime() : runtimes.preferred();
    if (runtime && !runtime->isLocal())
        setup.currentServer = runtime->url();
    if (notebook) {
        setup.wantedKernel = notebook->document().kernelName();
        if (const KernelConnection *connection = notebook->kernel().connection())
            setup.currentKernel = connection->kernelId();
    }
    setup.recentFile = Settings::directory() + QStringLiteral("/servers.json");
    auto *dialog = new ConnectDialog(m_workspace.theme, *m_tokens, setup, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, notebook = QPointer(notebook)] {
        useChoice(dialog->choice(), notebook);
    });
    dialog->open();
}

void MainWindow::useChoice(const RuntimeChoice &choice, NotebookView *notebook)
{
    RuntimeHub &runtimes = m_workspace.runtimes;
    Runtime *runtime = nullptr;
    if (const auto host = SshTarget::parse(choice.ssh); host)
        runtime = runtimes.ssh(*host);
    else
        runtime = choice.thisComputer
                      ? runtimes.local()
                      : runtimes.remote(choice.endpoint, choice.endpoint.url.authority());
    runtimes.setPreferred(runtime);
    if (notebook)
        notebook->useRuntime(runtime, choice.kernel.kernelSpec, choice.kernel.kernel,
                             choice.kernel.kernelName);
    else
        showPanel(Panel::Files, false);
}

// A connection over SSH may ask something while no dialog shows it: when it comes back.
void MainWindow::watchSshQuestions(Runtime *runtime)
{
    SshLink *const link = runtime->sshLink();
    if (link == nullptr)
        return;
    connect(link, &SshLink::questionChanged, this, [this, link] {
        if (link->question() && link->asker() == nullptr) {
            auto *dialog = new SshQuestionDialog(m_workspace.theme, *link, this);
            link->setAsker(dialog);
            dialog->open();
        }
    });
}

void MainWindow::openKernelChooser()
{
    NotebookView *notebook = usableNotebook();
    Runtime *runtime = notebook ? notebook->kernel().runtime() : nullptr;
    if (!runtime)
        return;
    runtime->whenReady(notebook, [this, notebook, runtime](const Result<RuntimeClient *> &client) {
        if (!client) {
            openConnectDialog(); // which says what is wrong
            return;
        }
        const KernelConnection *connection = notebook->kernel().connection();
        auto *chooser = new KernelChooser(m_workspace.theme, (*client)->endpoint(),
                                          notebook->document().kernelName(),
                                          connection ? connection->kernelId() : KernelId(), this);
        connect(chooser, &KernelChooser::chosen, notebook,
                [notebook, runtime](const KernelChoice &choice) {
                    notebook->useRuntime(runtime, choice.kernelSpec, choice.kernel,
                                         choice.kernelName);
                });
        connect(chooser, &KernelChooser::otherRuntimeRequested, this,
                &MainWindow::openConnectDialog);
        chooser->openBelow(m_toolBar->connectButton());
    });
}

void MainWindow::openRuntimeType()
{
    NotebookView *notebook = usableNotebook();
    auto *dialog = new RuntimeTypeDialog(*notebook, m_workspace.theme, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, notebook,
            [notebook, dialog] { notebook->setRuntimeType(dialog->choice()); });
    connect(notebook, &QObject::destroyed, dialog, &QDialog::reject);
    dialog->open();
}

void MainWindow::openSettings()
{
    auto *dialog = new SettingsDialog(m_workspace.settings, m_keymap, m_workspace.theme, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void MainWindow::openShortcuts()
{
    auto *dialog = new ShortcutsDialog(*m_commands, m_keymap, m_workspace.theme, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void MainWindow::openAbout()
{
    auto *dialog = new QDialog(this);
    dialog->setWindowTitle(tr("About Farcell"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    const Theme &theme = m_workspace.theme.theme();
    auto *name = new QLabel(QStringLiteral("Farcell"), dialog);
    name->setFont(theme.heading);
    auto *version = new QLabel(tr("Version %1, with Qt %2")
                                   .arg(QStringLiteral(FARCELL_VERSION), QLatin1String(qVersion())),
                               dialog);
    version->setProperty("kind", QStringLiteral("muted"));
    auto *text = new QLabel(tr("A native notebook IDE for Jupyter kernels near and far."), dialog);
    text->setWordWrap(true);
    auto *close = new QPushButton(tr("Close"), dialog);
    connect(close, &QPushButton::clicked, dialog, &QDialog::accept);
    auto *layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(32, 28, 32, 24);
    layout->setSpacing(8);
    layout->addWidget(name);
    layout->addWidget(version);
    layout->addSpacing(8);
    layout->addWidget(text);
    layout->addSpacing(16);
    layout->addWidget(close, 0, Qt::AlignRight);
    dialog->setMinimumWidth(380);
    dialog->open();
}

void MainWindow::renameFile()
{
    NotebookView *notebook = usableNotebook();
    auto *dialog = new QInputDialog(this);
    dialog->setWindowTitle(tr("Rename"));
    dialog->setLabelText(tr("Name"));
    dialog->setTextValue(notebook->title());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QInputDialog::textValueSelected, notebook,
            [notebook](const QString &name) { notebook->rename(name.trimmed()); });
    dialog->open();
}

void MainWindow::exportCode()
{
    NotebookView *notebook = usableNotebook();
    const DocumentFile::Place &place = notebook->file().place();
    const QString folder = place.directory().isEmpty() ? QDir::homePath() : place.directory();
    auto *dialog = new QFileDialog(this, tr("Export code"), folder);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(QFileInfo(notebook->title()).completeBaseName() + QStringLiteral(".py"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, notebook,
            [notebook](const QString &path) { notebook->exportScript(path); });
    dialog->open();
}

} // namespace farcell
