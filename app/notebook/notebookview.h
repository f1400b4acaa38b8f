#pragma once

#include "app/celllist/celllistview.h"
#include "app/notebook/cellactions.h"
#include "app/notebook/documentfile.h"
#include "app/notebook/page.h"

#include <QTimer>

#include <memory>

class QSplitter;
class QStackedWidget;

namespace farcell {

class DeathCard;
class FindBar;
class InfoBar;
class InterruptLadder;
class KernelLink;
class LinkNotice;
class NotebookDocument;
class NotebookSession;
class Pager;
class RecoveryJournal;
struct KernelDeath;
struct RecoveredNotebook;
struct RemoteSession;
struct RuntimeTypeChoice;
class RenderService;
class Runtime;
class RuntimeHub;
class ScratchPane;
class SectionFolds;
class Settings;
class ThemeSource;

// What every notebook tab shares; main() owns these.
struct Workspace
{
    ThemeSource &theme;
    RenderService &render;
    RuntimeHub &runtimes;
    Settings &settings;
};

// One notebook in a tab: owns the document and everything that works on it (cell list, session,
// kernel link, file), and wires them together. Commands of the window end here. GUI thread.
// Not here: what cell commands do (CellActions), the kernel's life (KernelLink), files
// (DocumentFile), find (FindBar).
class NotebookView : public Page
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NotebookView)

public:
    explicit NotebookView(Workspace workspace, QWidget *parent = nullptr);
    ~NotebookView() override;

    void open(const DocumentFile::Place &place);
    void startEmpty(const QString &name); // a new notebook without a file yet
    void startCopy(const QString &name, NotebookContent content); // … with this in it, unsaved
    // Unsaved edits found after a crash, in this recovery file: shown as unsaved changes of their
    // file, or as a new notebook when not all of it could be found again.
    void restore(const RecoveredNotebook &found, const QString &recoveryFile);

    [[nodiscard]] NotebookDocument &document() const { return *m_document; }
    [[nodiscard]] CellListView &list() const { return *m_list; }
    [[nodiscard]] CellActions &actions() const { return *m_actions; }
    [[nodiscard]] KernelLink &kernel() const { return *m_kernel; }
    [[nodiscard]] NotebookSession &session() const { return *m_session; }
    [[nodiscard]] DocumentFile &file() const { return *m_file; }
    [[nodiscard]] SectionFolds &folds() const { return *m_folds; }
    [[nodiscard]] FindBar &find() const { return *m_find; }
    [[nodiscard]] InfoBar &infoBar() const { return *m_info; }
    // Where the keyboard is: the notebook, or the scratch cells beside it.
    [[nodiscard]] CellListView &focusedList() const;
    [[nodiscard]] CellActions &focusedActions() const;
    [[nodiscard]] NotebookDocument &focusedDocument() const;
    [[nodiscard]] const CellListView *listOf(const QWidget *widget) const; // null: neither
    [[nodiscard]] ScratchPane &scratch();                                  // made at first use
    [[nodiscard]] bool isUsable() const; // loaded, not an error page
    [[nodiscard]] bool isBroken() const { return m_errorPage != nullptr; }

    // --- commands
    void run(CellActions::Range range);
    enum class Then
    {
        Stay,
        Next,
        Insert
    };
    void runCurrent(Then then);
    void runSelection(); // marked text, or cells
    void runHidden(const CellId &heading);
    void restartKernel(bool runAll); // asks first
    // A runtime and kernel chosen by the person. Both kernel names empty: as the notebook says.
    void useRuntime(Runtime *runtime, const QString &kernelSpec, const KernelId &kernel,
                    const QString &kernelName);
    void setRuntimeType(const RuntimeTypeChoice &choice); // one undo step, and maybe a new kernel
    void save();
    void saveAs();
    void saveAs(const DocumentFile::Place &place);
    void reload();
    void rename(const QString &fileName);
    void exportScript(const QString &path);
    void discardJournal(); // closing without saving, on purpose
    void flushJournal();   // the session ends
    void showFind(bool focusReplace);
    void showScratch();
    void copyToScratch(); // the current cell
    void collapseSections(bool collapse);
    void saveFolds();

    // --- Page
    [[nodiscard]] QString title() const override;
    [[nodiscard]] QString place() const override;
    [[nodiscard]] QString icon() const override { return QStringLiteral("notebook"); }
    [[nodiscard]] bool isModified() const override;
    void takeFocus() override;

signals:
    void statusChanged(); // kernel, cell, mode, saved: the window shows it anew
    void cellMenuRequested(const farcell::CellId &id, const QPoint &globalPos);
    // To be shown in a tab, and `wanted` found in it unless that is empty.
    void openTextRequested(const QString &title, const QString &text, const QString &wanted = {});
    void openLinkRequested(const QUrl &url);
    void commandRequested(const QString &command); // from a cell's tool bar
    void savedAway();                              // a save that was asked for is done
    void saveCancelled();                          // … or will not be
    void broken();                                 // the file could not be read; the page says why

private:
    void build();
    void wireList();
    void wireKernel();
    void wireFile();
    void wireSession();
    void wireRuntimeType();
    void followWish();
    void checkWish();
    void applySettings();
    void showError(const Error &error, const QByteArray &bytes);
    void documentLoaded();
    void askAboutDisk();
    void saveFailed(const Error &error);
    void becomeV4(); // after the person agreed
    void showWaiting(const std::vector<CellId> &cells);
    void showDeath(const KernelDeath &death);
    void offerRun(const RemoteSession &session);
    void complete(int request, const CellId &id, int position);
    void inspect(int request, const CellId &id, int position);
    void openOutput(const CellId &id, int output, const QString &wanted = {});
    void followLink(const QUrl &url);
    void insertNextInput(const CellId &after, const QString &text, bool replace);
    void updateKernelPath();
    void updateJournal();
    [[nodiscard]] QString localPath() const; // empty: not a file of this computer
    [[nodiscard]] QByteArray localHash() const;
    void rememberKernel();
    [[nodiscard]] bool isScratchFocused() const;

    Workspace m_workspace;
    QString m_name; // of a notebook without a file
    bool m_usable = false;
    bool m_kernelChosen = false; // by the person: the notebook is to remember it
    bool m_conflict = false;     // changed on disk, not yet decided: no autosave
    std::unique_ptr<NotebookDocument> m_document;
    std::unique_ptr<SectionFolds> m_folds;
    std::unique_ptr<NotebookSession> m_session;
    std::unique_ptr<DocumentFile> m_file;
    std::unique_ptr<KernelLink> m_kernel;
    std::unique_ptr<CellActions> m_actions;
    std::unique_ptr<RecoveryJournal> m_journal;
    std::vector<CellId> m_waiting;
    CellId m_lastRunning;     // unless it succeeded
    KernelId m_checkedKernel; // whether it has what the file asks for
    QTimer m_autosave;
    QTimer m_placesDue; // of the queued cells

    QStackedWidget *m_stack;
    QWidget *m_blank;
    QWidget *m_errorPage = nullptr;
    InfoBar *m_info;
    DeathCard *m_deathCard;
    InterruptLadder *m_ladder;
    FindBar *m_find;
    CellListView *m_list;
    Pager *m_pager;
    QSplitter *m_columns = nullptr;
    ScratchPane *m_scratch = nullptr; // null until it is asked for
};

} // namespace farcell
