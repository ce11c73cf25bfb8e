import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;
import org.h2.mvstore.MVStore;

/** Listens on 127.0.0.1 at the port given first, over the data file given second. */
public class MongoForTests {
    /** PyMongo wants wire version 9 at least; the server itself claims no release that has it. */
    record Version(List<Integer> getVersionArray, int getWireVersion) implements MongoVersion {}

    public static void main(String[] arguments) {
        MVStore store = new MVStore.Builder().fileName(arguments[1]).autoCommitBufferSize(1).open();
        store.setAutoCommitDelay(20);
        H2Backend backend = new H2Backend(store);
        backend.version(new Version(List.of(4, 4, 0), 9));
        MongoServer server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    }
}
