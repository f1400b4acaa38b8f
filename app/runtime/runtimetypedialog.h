#pragma once

#include "app/notebook/notebookruntime.h"
#include "core/base/ids.h"
#include "core/base/result.h"

#include <QDialog>
#include <QPointer>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QRadioButton;

namespace farcell {

class GpuPicker;
class NotebookView;
class Runtime;
class ThemeSource;

// "Change runtime type": with which kernel a notebook runs, which GPUs it sees, how much memory and
// how many processors it may have; and what its file says of that, in Colab's words. Asks the
// notebook's runtime, never blocks. GUI thread.
// Not here: which runtime (ConnectDialog), starting the kernel (NotebookView::setRuntimeType()).
class RuntimeTypeDialog : public QDialog
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RuntimeTypeDialog)

public:
    RuntimeTypeDialog(NotebookView &notebook, ThemeSource &theme, QWidget *parent = nullptr);

    [[nodiscard]] RuntimeTypeChoice choice() const;

private:
    void build();
    QWidget *buildKernel();
    QWidget *buildAccelerator();
    QWidget *buildLimits();
    QWidget *buildButtons();
    void applyTheme();
    void ask();
    void askNames();
    void askGrant();
    void useOffer(const Result<api::RuntimeOffer> &offer);
    void useForeign(); // a server that tells of no GPUs: only its kernels
    void showEnvironments();
    void showGpus();
    void showLimits();
    void showResources(const api::KernelResources &resources);
    void chooseAccelerator();
    void refresh();
    void fit();
    void say(const QString &text, bool isWarning);
    [[nodiscard]] api::KernelResources resources() const;

    QPointer<NotebookView> m_notebook;
    QPointer<Runtime> m_runtime;
    ThemeSource &m_theme;
    api::RuntimeOffer m_offer;
    RuntimeWish m_wish;             // of the file
    api::KernelResources m_current; // of the kernel that runs, or of the next one
    KernelId m_kernel;              // that runs; empty: none
    QString m_kernelName;
    QString m_shownKernel; // before the person chose
    QHash<QString, QString> m_kernelNames; // notebooks by kernel id
    bool m_isKnown = false;                // the runtime has told
    bool m_isFarcell = false;

    QLabel *m_title, *m_where, *m_notice, *m_noticeIcon;
    QWidget *m_noticeBox, *m_page, *m_buttons;
    QComboBox *m_environments;
    QLabel *m_environmentNote;
    QRadioButton *m_none, *m_any, *m_chosen;
    QRadioButton *m_shown = nullptr; // what was so before the person chose
    QLabel *m_gpuNote;
    GpuPicker *m_gpus;
    QCheckBox *m_limitsMemory, *m_limitsCpu, *m_highMemory;
    QDoubleSpinBox *m_memory, *m_cpus;
    QLabel *m_memoryNote, *m_cpuNote, *m_limitNote, *m_warning;
    QPushButton *m_save;
};

} // namespace farcell
