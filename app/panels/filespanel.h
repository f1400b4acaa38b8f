#pragma once

#include "app/notebook/runtimehub.h"
#include "core/base/result.h"

#include <QPointer>
#include <QWidget>

#include <functional>

class QLabel;
class QTreeView;

namespace farcell {

class FileTree;
class ThemeSource;

// The files of the runtime: open, upload, download, rename, delete, new notebook or folder.
// GUI thread; owned by the window, which opens what is asked for.
class FilesPanel : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FilesPanel)

public:
    explicit FilesPanel(ThemeSource &theme, QWidget *parent = nullptr);

    void setRuntime(Runtime *runtime, const QString &directory);
    [[nodiscard]] Runtime *runtime() const { return m_runtime; }

signals:
    void openRequested(farcell::Runtime *runtime, const QString &path);
    void newNotebookRequested(farcell::Runtime *runtime, const QString &directory);

private:
    void build();
    void showMenu(const QPoint &pos);
    void activate(const QModelIndex &index);
    void goUp();
    void upload();
    void uploadFiles(const QStringList &files);
    void download(const QString &path, const QString &name);
    void rename(const QString &path, const QString &name);
    void remove(const QString &path, const QString &name);
    void newFolder();
    void askName(const QString &title, const QString &value,
                 const std::function<void(const QString &)> &done);
    void report(const Error &error);
    [[nodiscard]] QString currentDirectory() const;

    ThemeSource &m_theme;
    QPointer<Runtime> m_runtime;
    QString m_directory;
    FileTree *m_tree;
    QTreeView *m_view;
    QLabel *m_place;
    QLabel *m_message;
};

} // namespace farcell
