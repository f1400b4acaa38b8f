#include "app/panels/filespanel.h"

#include "app/notebook/runtimehub.h"
#include "app/panels/filetree.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"

#include <QClipboard>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QFuture>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QSaveFile>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include <functional>

namespace farcell {

namespace {

QString folderOf(const QString &path)
{
    return path.section(QLatin1Char('/'), 0, -2);
}

QString joined(const QString &folder, const QString &name)
{
    return folder.isEmpty() ? name : folder + QLatin1Char('/') + name;
}

} // namespace

FilesPanel::FilesPanel(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_tree(new FileTree(theme, this))
    , m_view(new QTreeView(this))
    , m_place(new QLabel(this))
    , m_message(new QLabel(this))
{
    build();
    connect(m_view, &QTreeView::activated, this, &FilesPanel::activate);
    connect(m_view, &QTreeView::customContextMenuRequested, this, &FilesPanel::showMenu);
    connect(m_tree, &FileTree::failed, this, &FilesPanel::report);
    connect(m_tree, &FileTree::loaded, m_message, &QWidget::hide);
}

void FilesPanel::build()
{
    auto *tools = new QHBoxLayout;
    tools->setContentsMargins(8, 0, 8, 4);
    tools->setSpacing(0);
    const auto tool = [this, tools](const QString &icon, const QString &text, auto slot) {
        auto *button = new QToolButton(this);
        button->setIcon(m_theme.icon(icon));
        button->setIconSize({18, 18});
        button->setToolTip(text);
        button->setAccessibleName(text);
        connect(button, &QToolButton::clicked, this, slot);
        tools->addWidget(button);
    };
    tool(QStringLiteral("up"), tr("Folder above"), &FilesPanel::goUp);
    tool(QStringLiteral("upload"), tr("Upload files"), &FilesPanel::upload);
    tool(QStringLiteral("refresh"), tr("Read again"), [this] { m_tree->refresh(); });
    tool(QStringLiteral("plus"), tr("New notebook here"), [this] {
        if (m_runtime)
            emit newNotebookRequested(m_runtime, currentDirectory());
    });
    tools->addStretch();

    m_place->setProperty("kind", QStringLiteral("faint"));
    m_place->setContentsMargins(12, 0, 12, 4);
    m_message->setProperty("kind", QStringLiteral("muted"));
    m_message->setWordWrap(true);
    m_message->setContentsMargins(12, 4, 12, 4);
    m_message->hide();
    m_view->setModel(m_tree);
    m_view->setHeaderHidden(true);
    m_view->setProperty("kind", QStringLiteral("panel"));
    m_view->setUniformRowHeights(true);
    m_view->setIndentation(16);
    m_view->setIconSize({18, 18});
    m_view->setAccessibleName(tr("Files of the runtime"));
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(m_place);
    layout->addWidget(m_message);
    layout->addWidget(m_view, 1);
}

void FilesPanel::setRuntime(Runtime *runtime, const QString &directory)
{
    if (runtime == m_runtime && directory == m_directory)
        return;
    m_runtime = runtime;
    m_directory = directory;
    const QString shown = runtime && runtime->isLocal() ? QLatin1Char('/') + directory : directory;
    m_place->setText(m_place->fontMetrics().elidedText(
        runtime ? tr("%1: %2").arg(runtime->name(), shown) : QString(), Qt::ElideMiddle, 230));
    m_place->setToolTip(shown);
    m_tree->setRoot(runtime, directory);
}

void FilesPanel::goUp()
{
    if (!m_directory.isEmpty())
        setRuntime(m_runtime, folderOf(m_directory));
}

QString FilesPanel::currentDirectory() const
{
    const ContentsEntry *entry = m_tree->entry(m_view->currentIndex());
    if (!entry)
        return m_directory;
    return entry->type == ContentsEntry::Type::Directory ? entry->path : folderOf(entry->path);
}

void FilesPanel::activate(const QModelIndex &index)
{
    const ContentsEntry *entry = m_tree->entry(index);
    if (!entry || !m_runtime)
        return;
    if (entry->type != ContentsEntry::Type::Directory)
        emit openRequested(m_runtime, entry->path);
}

void FilesPanel::showMenu(const QPoint &pos)
{
    if (!m_runtime)
        return;
    const ContentsEntry *entry = m_tree->entry(m_view->indexAt(pos));
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto add = [this, menu](const QString &icon, const QString &text, auto run) {
        connect(menu->addAction(m_theme.icon(icon), text), &QAction::triggered, this, run);
    };
    if (entry) {
        const QString path = entry->path;
        const QString name = entry->name;
        if (entry->type != ContentsEntry::Type::Directory) {
            add(QStringLiteral("file"), tr("Open"),
                [this, path] { emit openRequested(m_runtime, path); });
            add(QStringLiteral("download"), tr("Download…"),
                [this, path, name] { download(path, name); });
            menu->addSeparator();
        }
        add(QStringLiteral("edit"), tr("Rename…"), [this, path, name] { rename(path, name); });
        add(QStringLiteral("copy"), tr("Copy path"), [this, path] {
            QGuiApplication::clipboard()->setText(
                m_runtime && m_runtime->isLocal() ? QLatin1Char('/') + path : path);
        });
        add(QStringLiteral("trash"), tr("Delete…"), [this, path, name] { remove(path, name); });
        menu->addSeparator();
    }
    add(QStringLiteral("notebook"), tr("New notebook"),
        [this] { emit newNotebookRequested(m_runtime, currentDirectory()); });
    add(QStringLiteral("folder"), tr("New folder…"), [this] { newFolder(); });
    add(QStringLiteral("upload"), tr("Upload…"), [this] { upload(); });
    add(QStringLiteral("refresh"), tr("Read again"), [this] { m_tree->refresh(); });
    menu->popup(m_view->viewport()->mapToGlobal(pos));
}

void FilesPanel::upload()
{
    auto *dialog = new QFileDialog(this, tr("Upload files"), QDir::homePath());
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::filesSelected, this, &FilesPanel::uploadFiles);
    dialog->open();
}

void FilesPanel::uploadFiles(const QStringList &files)
{
    RuntimeClient *client = m_runtime ? m_runtime->client() : nullptr;
    if (!client)
        return;
    const QString folder = currentDirectory();
    for (const QString &path : files) {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly)) {
            report(
                {ErrorCode::Denied, tr("%1 cannot be read: %2").arg(path, file.errorString()), {}});
            continue;
        }
        onFinished(client->writeFile(joined(folder, QFileInfo(path).fileName()), file.readAll()),
                   this, [this, folder](const Result<ContentsEntry> &entry) {
                       if (entry)
                           m_tree->refreshFolder(folder);
                       else
                           report(entry.error());
                   });
    }
}

void FilesPanel::download(const QString &path, const QString &name)
{
    auto *dialog = new QFileDialog(this, tr("Download"), QDir::homePath());
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, this, [this, path](const QString &target) {
        if (!m_runtime || !m_runtime->client())
            return;
        onFinished(m_runtime->client()->readFile(path), this,
                   [this, target](const Result<QByteArray> &bytes) {
                       if (!bytes) {
                           report(bytes.error());
                           return;
                       }
                       QSaveFile file(target);
                       if (!file.open(QIODevice::WriteOnly) ||
                           file.write(*bytes) != bytes->size() || !file.commit())
                           report({ErrorCode::Denied,
                                   tr("%1 cannot be written: %2").arg(target, file.errorString()),
                                   {}});
                   });
    });
    dialog->open();
}

void FilesPanel::askName(const QString &title, const QString &value,
                         const std::function<void(const QString &)> &done)
{
    auto *dialog = new QInputDialog(this);
    dialog->setWindowTitle(title);
    dialog->setLabelText(tr("Name"));
    dialog->setTextValue(value);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QInputDialog::textValueSelected, this, [done](const QString &name) {
        if (!name.isEmpty() && !name.contains(QLatin1Char('/')))
            done(name);
    });
    dialog->open();
}

void FilesPanel::rename(const QString &path, const QString &name)
{
    askName(tr("Rename"), name, [this, path](const QString &wanted) {
        const QString folder = folderOf(path);
        if (!m_runtime || !m_runtime->client())
            return;
        onFinished(m_runtime->client()->renameFile(path, joined(folder, wanted)), this,
                   [this, folder](const Result<ContentsEntry> &entry) {
                       if (!entry)
                           report(entry.error());
                       m_tree->refreshFolder(folder);
                   });
    });
}

void FilesPanel::newFolder()
{
    const QString folder = currentDirectory();
    askName(tr("New folder"), {}, [this, folder](const QString &name) {
        if (!m_runtime || !m_runtime->client())
            return;
        onFinished(m_runtime->client()->makeDirectory(joined(folder, name)), this,
                   [this, folder](const Result<ContentsEntry> &entry) {
                       if (!entry)
                           report(entry.error());
                       m_tree->refreshFolder(folder);
                   });
    });
}

void FilesPanel::remove(const QString &path, const QString &name)
{
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("Delete"),
                                tr("Delete “%1”? This cannot be undone.").arg(name),
                                QMessageBox::Cancel, this);
    const QAbstractButton *yes = box->addButton(tr("Delete"), QMessageBox::DestructiveRole);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this,
            [this, yes, path](const QAbstractButton *clicked) {
                if (clicked != yes || !m_runtime || !m_runtime->client())
                    return;
                onFinished(m_runtime->client()->deleteFile(path), this,
                           [this, path](const Result<> &done) {
                               if (!done)
                                   report(done.error());
                               m_tree->refreshFolder(folderOf(path));
                           });
            });
    box->open();
}

void FilesPanel::report(const Error &error)
{
    m_message->setText(error.message + QLatin1Char('.'));
    m_message->show();
}

} // namespace farcell
