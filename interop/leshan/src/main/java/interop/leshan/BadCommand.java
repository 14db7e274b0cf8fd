package interop.leshan;

/** A command that cannot be carried out as it was given; the text goes into its answer. */
final class BadCommand extends Exception {
    private static final long serialVersionUID = 1L;

    BadCommand(String message) {
        super(message);
    }
}
