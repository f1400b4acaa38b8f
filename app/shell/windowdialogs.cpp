// The part of MainWindow that opens dialogs.

#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/shell/mainwindow.h"
#include "app/shell/settingsdialog.h"
#include "app/shell/shortcutsdialog.h"
#include "app/theme/theme.h"
#include "core/nbformat/convert.h"
#include "core/notebook/notebookdocument.h"

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
